<?xml version="1.0" encoding="UTF-8"?>
<!-- Dots with intervals, and what all plots share: heads, axes, names. SVG whose x coordinates are percentages, so that a
     plot fits any width while its text keeps its size. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- ============================== what plots share ============================== -->
  <xsl:template name="plot-head">
    <xsl:param name="title"/><xsl:param name="metric" select="/.."/><xsl:param name="more"/><xsl:param name="compared" select="true()"/>
    <figcaption>
      <b><xsl:value-of select="$title"/></b>
      <small>
        <xsl:if test="string($more)"><xsl:value-of select="$more"/><xsl:if test="$metric">; </xsl:if></xsl:if>
        <xsl:if test="$metric/@unit != '1' and $metric/@unit != ''"><xsl:value-of select="$metric/@unit"/>, </xsl:if>
        <xsl:if test="$metric"><xsl:call-template name="direction"><xsl:with-param name="metric" select="$metric"/><xsl:with-param name="compared" select="$compared"/></xsl:call-template></xsl:if>
      </small>
    </figcaption>
  </xsl:template>

  <!-- name and description of a picture for those who do not see it -->
  <xsl:template name="describe">
    <xsl:param name="title"/><xsl:param name="text"/>
    <title><xsl:value-of select="$title"/></title>
    <desc><xsl:value-of select="$text"/></desc>
  </xsl:template>

  <xsl:template name="colour">
    <xsl:param name="tool"/>
    <xsl:value-of select="concat('c', (key('tool', $tool)/@order - 1) mod 8)"/>
  </xsl:template>

  <!-- a name short enough for a plot -->
  <xsl:template name="short">
    <xsl:param name="of"/><xsl:param name="most" select="22"/>
    <xsl:value-of select="cm:short(string($of), $most)"/>
  </xsl:template>

  <!-- a number on an axis with this step -->
  <xsl:template name="tick-figure">
    <xsl:param name="value"/><xsl:param name="step"/>
    <!-- counting in steps leaves a hair beside zero, which would print as -0.0 -->
    <xsl:variable name="shown" select="$value * (($value * $value) &gt;= (0.000001 * $step * $step))"/>
    <xsl:choose>
      <xsl:when test="$step &gt;= 1"><xsl:value-of select="format-number($shown, '#,##0')"/></xsl:when>
      <xsl:when test="$step &gt;= 0.1"><xsl:value-of select="format-number($shown, '0.0')"/></xsl:when>
      <xsl:when test="$step &gt;= 0.01"><xsl:value-of select="format-number($shown, '0.00')"/></xsl:when>
      <xsl:when test="$step &gt;= 0.001"><xsl:value-of select="format-number($shown, '0.000')"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="format-number($shown, '0.000000')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- an axis from one round number to another on which all ends lie: an element axis with low, high, step -->
  <xsl:template name="axis">
    <xsl:param name="ends"/>
    <xsl:variable name="least"><xsl:call-template name="least"><xsl:with-param name="of" select="$ends"/></xsl:call-template></xsl:variable>
    <xsl:variable name="greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$ends"/></xsl:call-template></xsl:variable>
    <xsl:variable name="step" select="cm:step($least, $greatest, 5)"/>
    <xsl:variable name="rounded-low" select="floor($least div $step + 0.000001) * $step"/>
    <xsl:variable name="rounded-high" select="ceiling($greatest div $step - 0.000001) * $step"/>
    <!-- all at one value: the axis goes on below it, so that a ratio of 1 is at its end; of zero above -->
    <xsl:variable name="flat" select="number($rounded-high - $rounded-low &lt; 0.5 * $step)"/>
    <axis step="{$step}" low="{$rounded-low - $flat * $step * ($rounded-low &gt; 0.5 * $step)}" high="{$rounded-high + $flat * $step * ($rounded-low &lt;= 0.5 * $step)}"/>
  </xsl:template>

  <!-- vertical lines with numbers below, between left and left + width (in percent) -->
  <xsl:template name="ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/><xsl:param name="bottom"/>
    <xsl:param name="zero"/><xsl:param name="top" select="0"/><xsl:param name="left" select="7"/><xsl:param name="width" select="86"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="x" select="$left + $width * ($value - $low) div ($high - $low)"/>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="{$top}" y2="{$bottom}">
        <xsl:if test="$zero and $value &lt; 0.001 * $step and $value &gt; -0.001 * $step"><xsl:attribute name="class">grid zero</xsl:attribute></xsl:if>
      </line>
      <text class="tick" x="{$x}%" y="{$bottom + 16}" text-anchor="middle">
        <xsl:call-template name="tick-figure"><xsl:with-param name="value" select="$value"/><xsl:with-param name="step" select="$step"/></xsl:call-template>
      </text>
      <xsl:call-template name="ticks">
        <xsl:with-param name="value" select="$value + $step"/>
        <xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="step" select="$step"/>
        <xsl:with-param name="bottom" select="$bottom"/><xsl:with-param name="zero" select="$zero"/><xsl:with-param name="top" select="$top"/>
        <xsl:with-param name="left" select="$left"/><xsl:with-param name="width" select="$width"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- ============================== dot-and-interval plot ============================== -->
  <!-- cells: of-all or standing elements, one row each, ordered by the place in the ranking -->
  <xsl:template name="plot">
    <xsl:param name="cells"/><xsl:param name="title"/><xsl:param name="metric"/><xsl:param name="class">plot</xsl:param>
    <xsl:variable name="intervals" select="cm:compared-interval($cells)"/>
    <xsl:variable name="ends" select="$intervals/@low | $intervals/@high | cm:compared($cells)"/>
    <xsl:variable name="axis-tree"><xsl:call-template name="axis"><xsl:with-param name="ends" select="$ends"/></xsl:call-template></xsl:variable>
    <xsl:variable name="axis" select="cm:nodes($axis-tree)/axis"/>
    <xsl:variable name="low" select="number($axis/@low)"/>
    <xsl:variable name="high" select="number($axis/@high)"/>
    <xsl:variable name="step" select="number($axis/@step)"/>
    <xsl:variable name="bottom" select="count($cells) * 38 + 6"/>
    <figure class="{$class}">
      <xsl:call-template name="plot-head">
        <xsl:with-param name="title" select="$title"/><xsl:with-param name="metric" select="$metric"/>
      </xsl:call-template>
      <svg width="100%" height="{$bottom + 24}" role="img">
        <xsl:call-template name="describe">
          <xsl:with-param name="title" select="concat($title, ': a dot with its interval for every tool')"/>
          <xsl:with-param name="text">The numbers are in the table beside the plot.</xsl:with-param>
        </xsl:call-template>
        <xsl:if test="$ends">
          <xsl:call-template name="ticks">
            <xsl:with-param name="value" select="$low"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
            <xsl:with-param name="step" select="$step"/><xsl:with-param name="bottom" select="$bottom"/>
          </xsl:call-template>
        </xsl:if>
        <xsl:for-each select="$cells">
          <xsl:sort select="key('standing', @tool | ../@tool)/@place" data-type="number"/>
          <xsl:sort select="key('tool', @tool | ../@tool)/@order" data-type="number"/>
          <xsl:call-template name="plot-row">
            <xsl:with-param name="unit" select="$metric/@unit"/><xsl:with-param name="wide" select="contains($class, 'wide')"/>
            <xsl:with-param name="y" select="(position() - 1) * 38"/>
            <xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
          </xsl:call-template>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <!-- context: a cell or a standing -->
  <xsl:template name="plot-row">
    <xsl:param name="wide"/><xsl:param name="unit"/><xsl:param name="y"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:variable name="tool" select="@tool | ../@tool"/>
    <xsl:variable name="value" select="cm:compared(.)"/>
    <xsl:variable name="interval" select="cm:compared-interval(.)"/>
    <xsl:variable name="scale" select="86 div ($high - $low)"/>
    <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="$tool"/></xsl:call-template></xsl:variable>
    <xsl:call-template name="row-name"><xsl:with-param name="of" select="$tool"/><xsl:with-param name="y" select="$y"/><xsl:with-param name="wide" select="$wide"/></xsl:call-template>
    <xsl:call-template name="row-value"><xsl:with-param name="y" select="$y"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
    <xsl:if test="$interval">
      <line class="reach {$colour}" x1="{7 + $scale * ($interval/@low - $low)}%" x2="{7 + $scale * ($interval/@high - $low)}%"
            y1="{$y + 26}" y2="{$y + 26}"/>
    </xsl:if>
    <xsl:if test="$value">
      <circle class="dot {$colour}" cx="{7 + $scale * ($value - $low)}%" cy="{$y + 26}" r="5"/>
    </xsl:if>
  </xsl:template>

  <!-- the name at the left end of a row; a wide plot has room for a longer one, but on a narrow screen -->
  <xsl:template name="row-name">
    <xsl:param name="of"/><xsl:param name="y"/><xsl:param name="wide"/>
    <xsl:variable name="short"><xsl:call-template name="short"><xsl:with-param name="of" select="$of"/></xsl:call-template></xsl:variable>
    <xsl:variable name="long"><xsl:call-template name="short"><xsl:with-param name="of" select="$of"/><xsl:with-param name="most" select="44"/></xsl:call-template></xsl:variable>
    <xsl:choose>
      <xsl:when test="$wide and string($short) != string($long)">
        <text class="label wide-only" x="0" y="{$y + 13}"><xsl:value-of select="$long"/></text>
        <text class="label narrow-only" x="0" y="{$y + 13}"><xsl:value-of select="$short"/></text>
      </xsl:when>
      <xsl:otherwise><text class="label" x="0" y="{$y + 13}"><xsl:value-of select="$short"/></text></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- context: a cell or a standing; its number and how many cases are behind it, at the right end of a row -->
  <xsl:template name="row-value">
    <xsl:param name="y"/><xsl:param name="unit"/>
    <text class="value" x="100%" y="{$y + 13}" text-anchor="end">
      <xsl:choose>
        <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
        <xsl:when test="r:undefined"><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="cm:compared(.)"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
      <xsl:if test="@n and not(@hidden)"><tspan class="count"> n <xsl:value-of select="@n"/></tspan></xsl:if>
    </text>
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
      <xsl:text> is). The axes do not begin at zero.</xsl:text>
    </p>
  </xsl:template>
</xsl:stylesheet>
