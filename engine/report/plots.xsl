<?xml version="1.0" encoding="UTF-8"?>
<!-- Plots: one dot with interval per tool, and quality against seconds. SVG whose x coordinates are percentages, so that
     a plot fits any width while its text keeps its size. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- ============================== dot-and-interval plot ============================== -->
  <!-- cells: of-all, of-provider or standing elements, one row each, ordered by the place in the ranking.
       range: the cells that set the axis, so that several plots can share one. -->
  <xsl:template name="plot">
    <xsl:param name="cells"/>
    <xsl:param name="range" select="$cells"/>
    <xsl:param name="title"/>
    <xsl:param name="metric"/>
    <xsl:param name="class">plot</xsl:param>
    <xsl:variable name="points" select="$range/r:interval/@low | $range/r:interval/@high | $range/r:summary/@mean
      | $range/r:summary/@q1 | $range/r:summary/@q3 | $range/r:value"/>
    <xsl:variable name="least"><xsl:call-template name="least"><xsl:with-param name="of" select="$points"/></xsl:call-template></xsl:variable>
    <xsl:variable name="greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$points"/></xsl:call-template></xsl:variable>
    <xsl:variable name="step" select="cm:step($greatest - $least, 5)"/>
    <xsl:variable name="low" select="floor($least div $step + 0.000001) * $step"/>
    <xsl:variable name="high-rounded" select="ceiling($greatest div $step - 0.000001) * $step"/>
    <xsl:variable name="high" select="$high-rounded + $step * ($high-rounded - $low &lt; 0.5 * $step)"/>
    <xsl:variable name="rows" select="count($cells)"/>
    <xsl:variable name="bottom" select="$rows * 38 + 6"/>
    <figure class="{$class}">
      <figcaption>
        <b><xsl:value-of select="$title"/></b>
        <small>
          <xsl:if test="$metric/@unit != '1' and $metric/@unit != ''"><xsl:value-of select="$metric/@unit"/>, </xsl:if>
          <xsl:call-template name="direction"><xsl:with-param name="metric" select="$metric"/></xsl:call-template>
        </small>
      </figcaption>
      <svg width="100%" height="{$bottom + 24}" role="img" aria-label="{$title}: one dot with interval per tool; the numbers are in the tables">
        <xsl:if test="$points">
          <xsl:call-template name="ticks">
            <xsl:with-param name="value" select="$low"/>
            <xsl:with-param name="low" select="$low"/>
            <xsl:with-param name="high" select="$high"/>
            <xsl:with-param name="step" select="$step"/>
            <xsl:with-param name="bottom" select="$bottom"/>
            <xsl:with-param name="zero" select="$metric/@direction = 'closer-to-zero'"/>
          </xsl:call-template>
        </xsl:if>
        <xsl:for-each select="$cells">
          <xsl:sort select="key('standing', @tool | ../@tool)/@place" data-type="number"/>
          <xsl:sort select="key('tool', @tool | ../@tool)/@order" data-type="number"/>
          <xsl:call-template name="plot-row">
            <xsl:with-param name="y" select="(position() - 1) * 38"/>
            <xsl:with-param name="low" select="$low"/>
            <xsl:with-param name="high" select="$high"/>
          </xsl:call-template>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <xsl:template name="ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/><xsl:param name="bottom"/><xsl:param name="zero"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="x" select="5 + 90 * ($value - $low) div ($high - $low)"/>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="0" y2="{$bottom}">
        <xsl:if test="$zero and $value &lt; 0.001 * $step and $value &gt; -0.001 * $step"><xsl:attribute name="class">grid zero</xsl:attribute></xsl:if>
      </line>
      <text class="tick" x="{$x}%" y="{$bottom + 16}" text-anchor="middle">
        <!-- counting in steps leaves a hair beside zero, which would print as -0.0 -->
        <xsl:variable name="shown" select="$value * (($value * $value) &gt;= (0.000001 * $step * $step))"/>
        <xsl:choose>
          <xsl:when test="$step &gt;= 1"><xsl:value-of select="format-number($shown, '#,##0')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.1"><xsl:value-of select="format-number($shown, '0.0')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.01"><xsl:value-of select="format-number($shown, '0.00')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.001"><xsl:value-of select="format-number($shown, '0.000')"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="format-number($shown, '0.000000')"/></xsl:otherwise>
        </xsl:choose>
      </text>
      <xsl:call-template name="ticks">
        <xsl:with-param name="value" select="$value + $step"/>
        <xsl:with-param name="low" select="$low"/>
        <xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/>
        <xsl:with-param name="bottom" select="$bottom"/>
        <xsl:with-param name="zero" select="$zero"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- a name short enough for a plot -->
  <xsl:template name="short">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="string-length($of) &gt; 28"><xsl:value-of select="substring($of, 1, 27)"/>…</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- context: a cell or a standing -->
  <xsl:template name="plot-row">
    <xsl:param name="y"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:variable name="tool" select="@tool | ../@tool"/>
    <xsl:variable name="value" select="r:summary/@mean | r:value"/>
    <xsl:variable name="scale" select="90 div ($high - $low)"/>
    <xsl:variable name="colour" select="concat('c', (key('tool', $tool)/@order - 1) mod 8)"/>
    <text class="label" x="0" y="{$y + 13}"><xsl:call-template name="short"><xsl:with-param name="of" select="$tool"/></xsl:call-template></text>
    <text class="value" x="100%" y="{$y + 13}" text-anchor="end">
      <xsl:choose>
        <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
        <xsl:when test="r:undefined"><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="$value"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
    </text>
    <xsl:if test="r:summary">
      <rect class="spread {$colour}" x="{5 + $scale * (r:summary/@q1 - $low)}%" y="{$y + 20}" height="12"
            width="{$scale * (r:summary/@q3 - r:summary/@q1)}%" rx="2"/>
    </xsl:if>
    <xsl:if test="r:interval">
      <line class="reach {$colour}" x1="{5 + $scale * (r:interval/@low - $low)}%" x2="{5 + $scale * (r:interval/@high - $low)}%"
            y1="{$y + 26}" y2="{$y + 26}"/>
    </xsl:if>
    <xsl:if test="$value">
      <circle class="dot {$colour}" cx="{5 + $scale * ($value - $low)}%" cy="{$y + 26}" r="5"/>
    </xsl:if>
  </xsl:template>

  <xsl:template name="plot-legend">
    <p class="legend">
      <xsl:text>Dot: </xsl:text>
      <xsl:choose>
        <xsl:when test="$classification">value over all cases</xsl:when>
        <xsl:otherwise>mean over the cases</xsl:otherwise>
      </xsl:choose>
      <xsl:text>. Line: its </xsl:text><xsl:value-of select="$percent"/><xsl:text> % interval (how sure the </xsl:text>
      <xsl:choose>
        <xsl:when test="$classification">value</xsl:when>
        <xsl:otherwise>mean</xsl:otherwise>
      </xsl:choose>
      <xsl:text> is).</xsl:text>
      <xsl:if test="not($classification)"> Pale bar: the middle half of the cases (how much they differ).</xsl:if>
    </p>
  </xsl:template>

  <!-- ============================== scatter plot ============================== -->
  <!-- quality against seconds; the x axis is logarithmic, because tools differ by factors -->
  <xsl:template name="scatter">
    <xsl:variable name="times" select="$execution/r:costs/r:cost[key('standing', @tool)/r:value]/r:wall-seconds/@median"/>
    <xsl:variable name="values" select="$ranking/r:standing[key('cost', @tool)/r:wall-seconds]/r:value"/>
    <xsl:variable name="t-least"><xsl:call-template name="least"><xsl:with-param name="of" select="$times"/></xsl:call-template></xsl:variable>
    <xsl:variable name="t-greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$times"/></xsl:call-template></xsl:variable>
    <xsl:variable name="v-least"><xsl:call-template name="least"><xsl:with-param name="of" select="$values"/></xsl:call-template></xsl:variable>
    <xsl:variable name="v-greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$values"/></xsl:call-template></xsl:variable>
    <xsl:variable name="factor" select="1 + 999 * ($t-greatest &lt; 0.1)"/>
    <xsl:variable name="t-low" select="cm:log10($factor * $t-least) - 0.15"/>
    <xsl:variable name="t-high" select="cm:log10($factor * $t-greatest) + 0.15"/>
    <xsl:variable name="step" select="cm:step($v-greatest - $v-least, 5)"/>
    <xsl:variable name="v-low" select="(floor($v-least div $step + 0.000001) - 0.5) * $step"/>
    <xsl:variable name="v-high" select="(ceiling($v-greatest div $step - 0.000001) + 0.5) * $step"/>
    <figure class="plot wide">
      <figcaption>
        <b>Quality against seconds per case</b>
        <small>
          <xsl:value-of select="$ranking/@metric"/>, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template>
          (<xsl:call-template name="direction"><xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/></xsl:call-template>)
          against the median time of a case (further left is faster; logarithmic)
        </small>
      </figcaption>
      <svg width="100%" height="330" role="img" aria-label="Scatter plot of quality against seconds per case; the numbers are in the tables">
        <xsl:call-template name="value-ticks">
          <xsl:with-param name="value" select="$v-low + 0.5 * $step"/>
          <xsl:with-param name="low" select="$v-low"/>
          <xsl:with-param name="high" select="$v-high"/>
          <xsl:with-param name="step" select="$step"/>
        </xsl:call-template>
        <xsl:call-template name="time-ticks">
          <xsl:with-param name="power" select="floor($t-low)"/>
          <xsl:with-param name="low" select="$t-low"/>
          <xsl:with-param name="high" select="$t-high"/>
        </xsl:call-template>
        <text class="tick" x="99%" y="324" text-anchor="end">
          <xsl:choose><xsl:when test="$factor = 1">seconds</xsl:when><xsl:otherwise>milliseconds</xsl:otherwise></xsl:choose>
          <xsl:text> per case</xsl:text>
        </text>
        <xsl:for-each select="$ranking/r:standing[r:value and key('cost', @tool)/r:wall-seconds]">
          <xsl:variable name="x" select="12 + 86 * (cm:log10($factor * key('cost', @tool)/r:wall-seconds/@median) - $t-low) div ($t-high - $t-low)"/>
          <xsl:variable name="y" select="290 - 280 * (r:value - $v-low) div ($v-high - $v-low)"/>
          <xsl:variable name="colour" select="concat('c', (key('tool', @tool)/@order - 1) mod 8)"/>
          <circle class="dot {$colour}" cx="{$x}%" cy="{$y}" r="6">
            <title><xsl:value-of select="@tool"/></title>
          </circle>
          <text class="label" x="{$x}%" y="{$y - 6 + 20 * (@place mod 2 = 0)}">
            <xsl:choose>
              <xsl:when test="$x &gt; 65"><xsl:attribute name="dx">-8</xsl:attribute><xsl:attribute name="text-anchor">end</xsl:attribute></xsl:when>
              <xsl:otherwise><xsl:attribute name="dx">8</xsl:attribute></xsl:otherwise>
            </xsl:choose>
            <xsl:call-template name="short"><xsl:with-param name="of" select="@tool"/></xsl:call-template>
          </text>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <xsl:template name="value-ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="y" select="290 - 280 * ($value - $low) div ($high - $low)"/>
      <line class="grid" x1="12%" x2="98%" y1="{$y}" y2="{$y}"/>
      <text class="tick" x="11%" y="{$y + 4}" text-anchor="end">
        <xsl:call-template name="figure"><xsl:with-param name="of" select="$value"/></xsl:call-template>
      </text>
      <xsl:call-template name="value-ticks">
        <xsl:with-param name="value" select="$value + $step"/>
        <xsl:with-param name="low" select="$low"/>
        <xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- 1, 2 and 5 of every power of ten; on a short axis some more, on a very long one 1 alone -->
  <xsl:template name="time-ticks">
    <xsl:param name="power"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:if test="$power &lt;= $high">
      <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
      <xsl:if test="$high - $low &lt; 3">
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(2)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(5)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
      </xsl:if>
      <xsl:if test="$high - $low &lt; 0.7">
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(1.5)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(3)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(4)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(7)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
      </xsl:if>
      <xsl:call-template name="time-ticks">
        <xsl:with-param name="power" select="$power + 1"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="time-tick">
    <xsl:param name="at"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:if test="$at &gt;= $low and $at &lt;= $high">
      <xsl:variable name="x" select="12 + 86 * ($at - $low) div ($high - $low)"/>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="10" y2="290"/>
      <text class="tick" x="{$x}%" y="306" text-anchor="middle">
        <xsl:value-of select="cm:power10($at)"/>
      </text>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
