<?xml version="1.0" encoding="UTF-8"?>
<!-- Two metrics against each other, with OpenEBench's classes and the Pareto frontier. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:variable name="classes" select="$results/r:classes"/>
  <xsl:variable name="planes" select="$classes/r:plane[r:point]"/>

  <xsl:template name="classes">
    <section id="classes">
      <h2>Two metrics at a time</h2>
      <p>
        A tool good by one metric may be poor by another. Diamonds, joined by a line: tools that no other beats in both metrics (Pareto frontier).
        Dashed, straight: the medians of the tools, which cut OpenEBench’s square classes. Dotted, slanted: the quartiles of their diagonal scores.
        Classes are relative to the tools of this bench; 1 is the best.
      </p>
      <xsl:variable name="first" select="$planes[@target = $main-target and r:axis/@metric = $ranking/@metric]"/>
      <div class="plots two"><xsl:for-each select="$first"><xsl:call-template name="class-plane"/></xsl:for-each></div>
      <xsl:variable name="others" select="$planes[not(@target = $main-target and r:axis/@metric = $ranking/@metric)]"/>
      <xsl:if test="$others">
        <details>
          <summary>Other pairs and targets (<xsl:value-of select="count($others)"/><xsl:if test="count($others) &gt; 24">, the first 24 drawn</xsl:if>)</summary>
          <div class="plots two"><xsl:for-each select="$others[position() &lt;= 24]"><xsl:call-template name="class-plane"/></xsl:for-each></div>
        </details>
      </xsl:if>
      <xsl:call-template name="plane-table"/>
      <xsl:call-template name="bar-table"/>
      <p class="legend">
        <xsl:text>Rules: squares </xsl:text><xsl:value-of select="$classes/@squares-rule"/><xsl:text> </xsl:text><xsl:value-of select="$classes/@squares-version"/>
        <xsl:text>, diagonals </xsl:text><xsl:value-of select="$classes/@diagonals-rule"/><xsl:text> </xsl:text><xsl:value-of select="$classes/@diagonals-version"/>
        <xsl:text>, clusters </xsl:text><xsl:value-of select="$classes/@clusters-rule"/><xsl:text> </xsl:text><xsl:value-of select="$classes/@clusters-version"/>
        <xsl:text>, quartiles </xsl:text><xsl:value-of select="$classes/@quartiles-rule"/><xsl:text> </xsl:text><xsl:value-of select="$classes/@quartiles-version"/>
        <xsl:text>, frontier </xsl:text><xsl:value-of select="$classes/@pareto-rule"/><xsl:text>.</xsl:text>
        <xsl:if test="$classes//r:axis[@all-negative = 'true']"> An axis without a value above zero turns OpenEBench’s diagonals and clusters the wrong way; its lines are not drawn.</xsl:if>
      </p>
    </section>
  </xsl:template>

  <!-- context: an axis -->
  <xsl:template name="axis-name">
    <xsl:choose>
      <xsl:when test="contains(@value, 'distance')"><xsl:value-of select="@metric"/>, distance from its best</xsl:when>
      <xsl:otherwise><xsl:value-of select="@metric"/></xsl:otherwise>
    </xsl:choose>
    <xsl:variable name="unit" select="key('metric', @metric)/@unit"/>
    <xsl:if test="$unit != '1' and $unit != ''"> (<xsl:value-of select="$unit"/>)</xsl:if>
  </xsl:template>

  <!-- context: a plane -->
  <xsl:template name="class-plane">
    <xsl:variable name="x" select="r:axis[1]"/>
    <xsl:variable name="y" select="r:axis[2]"/>
    <xsl:variable name="tree">
      <xsl:for-each select="r:point">
        <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="@tool"/></xsl:call-template></xsl:variable>
        <p name="{@tool}" x="{@x}" y="{@y}" colour="{$colour}" frontier="{@pareto}"/>
      </xsl:for-each>
    </xsl:variable>
    <xsl:variable name="x-max"><xsl:call-template name="greatest"><xsl:with-param name="of" select="r:point/@x"/></xsl:call-template></xsl:variable>
    <xsl:variable name="y-max"><xsl:call-template name="greatest"><xsl:with-param name="of" select="r:point/@y"/></xsl:call-template></xsl:variable>
    <!-- A diagonal score is the sum over both metrics of value / greatest, or of 1 - value / greatest where small is good
         (a greatest of 0 divides nothing): on a line of equal score y = at + slope x. -->
    <xsl:variable name="x-unit" select="$x-max + ($x-max = 0)"/>
    <xsl:variable name="y-unit" select="$y-max + ($y-max = 0)"/>
    <xsl:variable name="x-sign" select="1 - 2 * ($x/@optimization = 'minimize')"/>
    <xsl:variable name="y-sign" select="1 - 2 * ($y/@optimization = 'minimize')"/>
    <xsl:variable name="minimized" select="count(r:axis[@optimization = 'minimize'])"/>
    <xsl:variable name="cuts">
      <xsl:if test="not(r:axis[@all-negative = 'true'])">
        <xsl:for-each select="r:diagonals/@q1 | r:diagonals/@q2 | r:diagonals/@q3">
          <cut at="{$y-unit * $y-sign * (. - $minimized)}" slope="{- $y-unit * $x-sign * $y-sign div $x-unit}"/>
        </xsl:for-each>
      </xsl:if>
    </xsl:variable>
    <figure class="plot">
      <xsl:call-template name="plot-head">
        <xsl:with-param name="title"><xsl:value-of select="$y/@metric"/> against <xsl:value-of select="$x/@metric"/></xsl:with-param>
        <xsl:with-param name="more"><xsl:call-template name="target-name"><xsl:with-param name="of" select="@target"/></xsl:call-template>; best at the <xsl:value-of select="translate(@better, '-', ' ')"/></xsl:with-param>
      </xsl:call-template>
      <xsl:call-template name="plane">
        <xsl:with-param name="points" select="cm:nodes($tree)/p"/>
        <xsl:with-param name="title"><xsl:value-of select="$y/@metric"/> against <xsl:value-of select="$x/@metric"/>, <xsl:value-of select="@target"/></xsl:with-param>
        <xsl:with-param name="description">Scatter plot of the tools with class limits; values and classes are in the table of planes below.</xsl:with-param>
        <xsl:with-param name="x-name"><xsl:for-each select="$x"><xsl:call-template name="axis-name"/></xsl:for-each></xsl:with-param>
        <xsl:with-param name="y-name"><xsl:for-each select="$y"><xsl:call-template name="axis-name"/></xsl:for-each></xsl:with-param>
        <xsl:with-param name="cut-x" select="$x/@median"/><xsl:with-param name="cut-y" select="$y/@median"/>
        <xsl:with-param name="cuts" select="cm:nodes($cuts)/cut"/>
      </xsl:call-template>
    </figure>
  </xsl:template>

  <xsl:template name="plane-table">
    <details>
      <summary>Values and classes of every plane</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Classes by two metrics. Square: 1 both on the good side of the median, 2 the x metric on the wrong side, 3 the y metric, 4 both. Diagonal: quarter by score. Cluster: k-means, 1 = best.</span></caption>
          <thead><tr>
            <th scope="col">Target</th><th scope="col">x</th><th scope="col">y</th><th scope="col">Tool</th><th scope="col" class="number">x value</th><th scope="col" class="number">y value</th>
            <th scope="col" class="number">Square</th><th scope="col" class="number">Diagonal</th><th scope="col" class="number">Score</th><th scope="col" class="number">Cluster</th><th scope="col">Frontier</th>
          </tr></thead>
          <tbody>
            <xsl:for-each select="$planes/r:point">
              <tr>
                <td><xsl:value-of select="../@target"/></td><xsl:for-each select="../r:axis"><td><xsl:call-template name="axis-name"/></td></xsl:for-each>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="@x"/><xsl:with-param name="unit" select="key('metric', ../r:axis[1]/@metric)/@unit"/></xsl:call-template>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="@y"/><xsl:with-param name="unit" select="key('metric', ../r:axis[2]/@metric)/@unit"/></xsl:call-template>
                <td class="number" data-sort="{@square}"><xsl:value-of select="@square"/></td>
                <td class="number" data-sort="{@diagonal}"><xsl:value-of select="@diagonal"/></td>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="@diagonal-score"/><xsl:with-param name="unit" select="1"/></xsl:call-template>
                <td class="number" data-sort="{@cluster}"><xsl:value-of select="@cluster"/></td>
                <td><xsl:choose><xsl:when test="@pareto = 'true'">yes</xsl:when><xsl:otherwise>no</xsl:otherwise></xsl:choose></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>The lines in the planes: medians of the tools, and the quartiles of the diagonal score</span></caption>
          <thead><tr>
            <th scope="col">Plane</th><th scope="col">Target</th><th scope="col" class="number">Median of x</th><th scope="col" class="number">Median of y</th>
            <th scope="col" class="number">Score, quartile 1</th><th scope="col" class="number">Quartile 2</th><th scope="col" class="number">Quartile 3</th>
          </tr></thead>
          <tbody>
            <xsl:for-each select="$planes">
              <tr>
                <th scope="row"><xsl:value-of select="r:axis[2]/@metric"/> against <xsl:value-of select="r:axis[1]/@metric"/></th><td><xsl:value-of select="@target"/></td>
                <xsl:for-each select="r:axis"><xsl:call-template name="plain"><xsl:with-param name="of" select="@median"/><xsl:with-param name="unit" select="key('metric', @metric)/@unit"/></xsl:call-template></xsl:for-each>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="r:diagonals/@q1"/><xsl:with-param name="unit" select="1"/></xsl:call-template>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="r:diagonals/@q2"/><xsl:with-param name="unit" select="1"/></xsl:call-template>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="r:diagonals/@q3"/><xsl:with-param name="unit" select="1"/></xsl:call-template>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <xsl:template name="bar-table">
    <xsl:if test="$classes/r:bar/r:point">
      <details>
        <summary>Classes by one metric</summary>
        <div class="scroll" tabindex="0" role="group" aria-label="Table">
          <table class="sortable">
            <caption><span>Classes by one metric: quarter of the bar plot, side of the median (1 good, 2 not), quarter by diagonal score, cluster</span></caption>
            <thead><tr>
              <th scope="col">Target</th><th scope="col">Metric</th><th scope="col">Tool</th><th scope="col" class="number">Value</th><th scope="col" class="number">Quartile</th>
              <th scope="col" class="number">Square</th><th scope="col" class="number">Diagonal</th><th scope="col" class="number">Cluster</th>
            </tr></thead>
            <tbody>
              <xsl:for-each select="$classes/r:bar/r:point">
                <tr>
                  <td><xsl:value-of select="../@target"/></td><td><xsl:for-each select="../r:axis"><xsl:call-template name="axis-name"/></xsl:for-each></td>
                  <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="@value"/><xsl:with-param name="unit" select="key('metric', ../r:axis/@metric)/@unit"/></xsl:call-template>
                  <xsl:for-each select="@quartile | @square | @diagonal | @cluster"><td class="number" data-sort="{.}"><xsl:value-of select="."/></td></xsl:for-each>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </div>
      </details>
    </xsl:if>
    <xsl:if test="$classes//r:left-out">
      <p class="legend">
        <xsl:text>Not classified for want of a value: </xsl:text>
        <xsl:for-each select="$results/r:tools/r:tool[@key = $classes//r:left-out/@tool]"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@key"/></xsl:for-each>
        <xsl:text>.</xsl:text>
      </p>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
