<?xml version="1.0" encoding="UTF-8"?>
<!-- Tools in a plane of two numbers. Their names stand in a column at the right, a thin line leads from each to its
     point, so that names never lie on each other. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- The plot's place in its picture: percent from the left, pixels from the top. -->
  <xsl:variable name="plane-left" select="14"/>
  <xsl:variable name="plane-width" select="54"/>
  <xsl:variable name="plane-top" select="26"/>

  <!-- points: elements p with x, y, name, colour (a class), frontier ("true" or nothing). log: x is drawn by its
       logarithm. lines: elements line with class, and x (vertical), y (horizontal), or y-left and y-right (from edge to
       edge). frontier: whether the points marked so are joined. -->
  <xsl:template name="plane">
    <xsl:param name="points"/><xsl:param name="title"/><xsl:param name="description"/>
    <xsl:param name="x-name"/><xsl:param name="y-name"/><xsl:param name="log" select="false()"/>
    <xsl:param name="cut-x"/><xsl:param name="cut-y"/><xsl:param name="cuts" select="/.."/>
    <xsl:variable name="xs" select="$points/@x"/>
    <xsl:variable name="ys" select="$points/@y"/>
    <xsl:variable name="x-min"><xsl:call-template name="least"><xsl:with-param name="of" select="$xs"/></xsl:call-template></xsl:variable>
    <xsl:variable name="x-max"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$xs"/></xsl:call-template></xsl:variable>
    <xsl:variable name="y-min"><xsl:call-template name="least"><xsl:with-param name="of" select="$ys"/></xsl:call-template></xsl:variable>
    <xsl:variable name="y-max"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$ys"/></xsl:call-template></xsl:variable>
    <xsl:variable name="height" select="280 + (count($points) &gt; 14) * (count($points) - 14) * 20"/>
    <xsl:variable name="y-step" select="cm:step($y-min, $y-max, 5)"/>
    <xsl:variable name="y-low" select="(floor($y-min div $y-step + 0.000001) - 0.5) * $y-step"/>
    <xsl:variable name="y-high" select="(ceiling($y-max div $y-step - 0.000001) + 0.5) * $y-step"/>
    <xsl:variable name="x-step" select="cm:step($x-min, $x-max, 3)"/>
    <xsl:variable name="x-low">
      <xsl:choose>
        <xsl:when test="$log"><xsl:value-of select="cm:log10($x-min) - 0.15"/></xsl:when>
        <xsl:otherwise><xsl:value-of select="(floor($x-min div $x-step + 0.000001) - 0.25) * $x-step"/></xsl:otherwise>
      </xsl:choose>
    </xsl:variable>
    <xsl:variable name="x-high">
      <xsl:choose>
        <xsl:when test="$log"><xsl:value-of select="cm:log10($x-max) + 0.15"/></xsl:when>
        <xsl:otherwise><xsl:value-of select="(ceiling($x-max div $x-step - 0.000001) + 0.25) * $x-step"/></xsl:otherwise>
      </xsl:choose>
    </xsl:variable>
    <xsl:variable name="bottom" select="$plane-top + $height"/>
    <svg width="100%" height="{$bottom + 44}" role="img">
      <xsl:call-template name="describe"><xsl:with-param name="title" select="$title"/><xsl:with-param name="text" select="$description"/></xsl:call-template>
      <text class="tick" x="0" y="12"><xsl:value-of select="$y-name"/></text>
      <text class="tick" x="{$plane-left + $plane-width}%" y="{$bottom + 38}" text-anchor="end"><xsl:value-of select="$x-name"/></text>
      <xsl:call-template name="value-ticks">
        <xsl:with-param name="value" select="$y-low + 0.5 * $y-step"/><xsl:with-param name="low" select="$y-low"/><xsl:with-param name="high" select="$y-high"/>
        <xsl:with-param name="step" select="$y-step"/><xsl:with-param name="height" select="$height"/>
      </xsl:call-template>
      <xsl:choose>
        <xsl:when test="$log">
          <xsl:call-template name="log-ticks">
            <xsl:with-param name="power" select="floor($x-low)"/><xsl:with-param name="low" select="$x-low"/><xsl:with-param name="high" select="$x-high"/><xsl:with-param name="bottom" select="$bottom"/>
          </xsl:call-template>
        </xsl:when>
        <xsl:otherwise>
          <xsl:call-template name="ticks">
            <xsl:with-param name="value" select="$x-low + 0.25 * $x-step"/><xsl:with-param name="low" select="$x-low"/><xsl:with-param name="high" select="$x-high"/>
            <xsl:with-param name="step" select="$x-step"/><xsl:with-param name="bottom" select="$bottom"/><xsl:with-param name="top" select="$plane-top"/>
            <xsl:with-param name="left" select="$plane-left"/><xsl:with-param name="width" select="$plane-width"/>
          </xsl:call-template>
        </xsl:otherwise>
      </xsl:choose>
      <xsl:if test="not($log)">
        <svg x="{$plane-left}%" y="{$plane-top}" width="{$plane-width}%" height="{$height}" viewBox="0 0 1000 1000" preserveAspectRatio="none" class="clip">
          <xsl:if test="$cut-x"><path class="cut" d="M{1000 * ($cut-x - $x-low) div ($x-high - $x-low)} 0V1000"/></xsl:if>
          <xsl:if test="$cut-y"><path class="cut" d="M0 {1000 * ($y-high - $cut-y) div ($y-high - $y-low)}H1000"/></xsl:if>
          <!-- a cut is the line y = at + slope x -->
          <xsl:for-each select="$cuts">
            <path class="cut slanted" d="M0 {1000 * ($y-high - @at - @slope * $x-low) div ($y-high - $y-low)}L1000 {1000 * ($y-high - @at - @slope * $x-high) div ($y-high - $y-low)}"/>
          </xsl:for-each>
          <xsl:if test="count($points[@frontier = 'true']) &gt; 1">
            <path class="frontier">
              <xsl:attribute name="d">
                <xsl:for-each select="$points[@frontier = 'true']">
                  <xsl:sort select="@x" data-type="number"/>
                  <xsl:value-of select="concat(substring('LM', 1 + (position() = 1), 1), 1000 * (@x - $x-low) div ($x-high - $x-low), ' ', 1000 * ($y-high - @y) div ($y-high - $y-low))"/>
                </xsl:for-each>
              </xsl:attribute>
            </path>
          </xsl:if>
        </svg>
      </xsl:if>
      <xsl:for-each select="$points">
        <xsl:sort select="@y" data-type="number" order="descending"/>
        <xsl:sort select="@x" data-type="number"/>
        <xsl:variable name="at">
          <xsl:choose><xsl:when test="$log"><xsl:value-of select="cm:log10(@x)"/></xsl:when><xsl:otherwise><xsl:value-of select="@x"/></xsl:otherwise></xsl:choose>
        </xsl:variable>
        <xsl:call-template name="plane-point">
          <xsl:with-param name="x" select="$plane-left + $plane-width * ($at - $x-low) div ($x-high - $x-low)"/>
          <xsl:with-param name="y" select="$plane-top + $height * ($y-high - @y) div ($y-high - $y-low)"/>
          <xsl:with-param name="slot" select="$plane-top + $height * (position() - 0.5) div last()"/>
        </xsl:call-template>
      </xsl:for-each>
    </svg>
  </xsl:template>

  <!-- context: a point -->
  <xsl:template name="plane-point">
    <xsl:param name="x"/><xsl:param name="y"/><xsl:param name="slot"/>
    <line class="leader" x1="{$x}%" y1="{$y}" x2="{$plane-left + $plane-width + 3}%" y2="{$slot}"/>
    <g class="{@colour}">
      <xsl:choose>
        <xsl:when test="@frontier = 'true'"><svg x="{$x}%" y="{$y}" overflow="visible"><path class="dot" d="M0-8L8 0L0 8L-8 0Z"/></svg></xsl:when>
        <xsl:otherwise><circle class="dot" cx="{$x}%" cy="{$y}" r="6"/></xsl:otherwise>
      </xsl:choose>
    </g>
    <text class="wide-only" x="{$plane-left + $plane-width + 4}%" y="{$slot + 4}"><xsl:call-template name="short"><xsl:with-param name="of" select="@name"/><xsl:with-param name="most" select="19"/></xsl:call-template></text>
    <text class="narrow-only" x="{$plane-left + $plane-width + 4}%" y="{$slot + 4}"><xsl:call-template name="short"><xsl:with-param name="of" select="@name"/><xsl:with-param name="most" select="11"/></xsl:call-template></text>
  </xsl:template>

  <xsl:template name="value-ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/><xsl:param name="height"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="y" select="$plane-top + $height * ($high - $value) div ($high - $low)"/>
      <line class="grid" x1="{$plane-left}%" x2="{$plane-left + $plane-width}%" y1="{$y}" y2="{$y}"/>
      <text class="tick" x="{$plane-left - 1.5}%" y="{$y + 4}" text-anchor="end">
        <xsl:call-template name="tick-figure"><xsl:with-param name="value" select="$value"/><xsl:with-param name="step" select="$step"/></xsl:call-template>
      </text>
      <xsl:call-template name="value-ticks">
        <xsl:with-param name="value" select="$value + $step"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/><xsl:with-param name="height" select="$height"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- 1, 2 and 5 of every power of ten; on a short axis some more, on a long one 1 alone -->
  <xsl:template name="log-ticks">
    <xsl:param name="power"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="bottom"/>
    <xsl:if test="$power &lt;= $high">
      <xsl:variable name="span" select="$high - $low"/>
      <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
      <xsl:if test="$span &lt; 1.4">
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(2)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(5)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
      </xsl:if>
      <xsl:if test="$span &gt;= 1.4 and $span &lt; 2.6">
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(3)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
      </xsl:if>
      <xsl:if test="$span &lt; 0.6">
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(1.5)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(3)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
        <xsl:call-template name="log-tick"><xsl:with-param name="at" select="$power + cm:log10(7)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/></xsl:call-template>
      </xsl:if>
      <xsl:call-template name="log-ticks">
        <xsl:with-param name="power" select="$power + 1"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="bottom" select="$bottom"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="log-tick">
    <xsl:param name="at"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="bottom"/>
    <xsl:if test="$at &gt;= $low and $at &lt;= $high">
      <xsl:variable name="x" select="$plane-left + $plane-width * ($at - $low) div ($high - $low)"/>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="{$plane-top}" y2="{$bottom}"/>
      <text class="tick" x="{$x}%" y="{$bottom + 16}" text-anchor="middle"><xsl:value-of select="cm:power10($at)"/></text>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
