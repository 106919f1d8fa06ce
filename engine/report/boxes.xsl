<?xml version="1.0" encoding="UTF-8"?>
<!-- Box plots: how much the cases of each tool differ. In a site report with few enough cases every case is a point.
     A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:key name="case-value" match="r:cases/r:case/r:item/r:value" use="concat(../@tool, '|', @target, '|', @metric)"/>
  <xsl:key name="value-of-case" match="r:cases/r:case/r:item/r:value" use="concat(../../@id, '|', ../@tool, '|', @target, '|', @metric)"/>
  <!-- a report of very many cases comes without them (document.c), a page that would get too heavy, too (html.c) -->
  <xsl:variable name="points" select="$results/r:cases/r:case and cm:detail() &gt; 2"/>

  <xsl:template name="boxes">
    <xsl:param name="target"/>
    <xsl:variable name="cells" select="$results/r:aggregates/r:result[@target = $target]/r:of-all[r:summary]"/>
    <xsl:if test="$cells">
      <details>
        <xsl:if test="$target = $main-target"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
        <summary>How the cases spread: <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></summary>
        <p class="legend">
          <xsl:text>Box: the middle half of the cases, with the median as a bar and as the number at the right. Diamond: the mean. </xsl:text>
          <xsl:choose>
            <xsl:when test="$public">Thin line: all but the tenth of the cases at either end; the extremes are values of single cases and are not published, nor is a median or a quartile that few cases stand behind. </xsl:when>
            <xsl:when test="$cells/r:summary/@whisker-low">Thin line: the values within one and a half box lengths of the box (Tukey), those put in by policy included; rings: the smallest and the largest value when they lie outside. </xsl:when>
            <xsl:otherwise>Thin line: from the smallest to the largest value, those put in by policy included. </xsl:otherwise>
          </xsl:choose>
          <xsl:if test="$points">Points: the cases that have a value of their own.</xsl:if>
        </p>
        <div class="plots">
          <xsl:for-each select="$results/r:metrics/r:metric">
            <xsl:variable name="of-metric" select="key('result', concat($target, '|', @id))/r:of-all"/>
            <xsl:if test="$of-metric/r:summary">
              <xsl:call-template name="box-plot">
                <xsl:with-param name="cells" select="$of-metric"/>
                <xsl:with-param name="target" select="$target"/>
                <xsl:with-param name="metric" select="."/>
              </xsl:call-template>
            </xsl:if>
          </xsl:for-each>
        </div>
        <xsl:call-template name="box-table"><xsl:with-param name="target" select="$target"/></xsl:call-template>
        <xsl:if test="$points"><xsl:call-template name="case-tables"><xsl:with-param name="target" select="$target"/></xsl:call-template></xsl:if>
      </details>
    </xsl:if>
  </xsl:template>

  <xsl:template name="box-plot">
    <xsl:param name="cells"/><xsl:param name="target"/><xsl:param name="metric"/>
    <xsl:variable name="ends" select="$cells/r:summary/@minimum | $cells/r:summary/@maximum | $cells/r:summary/@p10 | $cells/r:summary/@p90 | $cells/r:summary/@q1
      | $cells/r:summary/@q3 | $cells/r:summary/@mean"/>
    <xsl:variable name="axis-tree"><xsl:call-template name="axis"><xsl:with-param name="ends" select="$ends"/></xsl:call-template></xsl:variable>
    <xsl:variable name="axis" select="cm:nodes($axis-tree)/axis"/>
    <xsl:variable name="low" select="number($axis/@low)"/>
    <xsl:variable name="high" select="number($axis/@high)"/>
    <xsl:variable name="step" select="number($axis/@step)"/>
    <xsl:variable name="bottom" select="count($cells) * 42 + 6"/>
    <figure class="plot">
      <xsl:call-template name="plot-head">
        <xsl:with-param name="title" select="$metric/@id"/>
        <xsl:with-param name="metric" select="$metric"/>
        <xsl:with-param name="more"><xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>, cases</xsl:with-param>
        <xsl:with-param name="compared" select="false()"/>
      </xsl:call-template>
      <svg width="100%" height="{$bottom + 24}" role="img">
        <xsl:call-template name="describe">
          <xsl:with-param name="title">Box plot of <xsl:value-of select="$metric/@id"/>, <xsl:value-of select="$target"/></xsl:with-param>
          <xsl:with-param name="text">One box per tool; its quartiles, mean and range are in the table below the plots.</xsl:with-param>
        </xsl:call-template>
        <xsl:call-template name="ticks">
          <xsl:with-param name="value" select="$low"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
          <xsl:with-param name="step" select="$step"/><xsl:with-param name="bottom" select="$bottom"/>
          <xsl:with-param name="zero" select="$metric/@direction = 'closer-to-zero'"/>
        </xsl:call-template>
        <xsl:for-each select="$cells">
          <xsl:sort select="key('standing', ../@tool)/@place" data-type="number"/>
          <xsl:sort select="key('tool', ../@tool)/@order" data-type="number"/>
          <xsl:call-template name="box-row">
            <xsl:with-param name="y" select="(position() - 1) * 42"/>
            <xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
          </xsl:call-template>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <!-- context: the of-all of one tool -->
  <xsl:template name="box-row">
    <xsl:param name="y"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:variable name="scale" select="86 div ($high - $low)"/>
    <xsl:variable name="s" select="r:summary"/>
    <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="../@tool"/></xsl:call-template></xsl:variable>
    <text class="label" x="0" y="{$y + 13}"><xsl:call-template name="short"><xsl:with-param name="of" select="../@tool"/></xsl:call-template></text>
    <text class="value" x="100%" y="{$y + 13}" text-anchor="end">
      <xsl:choose>
        <xsl:when test="$s/@median"><xsl:call-template name="figure"><xsl:with-param name="of" select="$s/@median"/><xsl:with-param name="unit" select="key('metric', ../@metric)/@unit"/></xsl:call-template></xsl:when>
        <xsl:when test="$s or r:distance">–</xsl:when>
        <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
        <xsl:otherwise><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
      <xsl:if test="@n"><tspan class="count"> n <xsl:value-of select="@n"/></tspan></xsl:if>
    </text>
    <xsl:if test="$s">
      <g class="box {$colour}">
        <xsl:variable name="from" select="($s/@whisker-low | $s[not(@whisker-low)]/@minimum | $s[not(@whisker-low) and not(@minimum)]/@p10)[1]"/>
        <xsl:variable name="to" select="($s/@whisker-high | $s[not(@whisker-high)]/@maximum | $s[not(@whisker-high) and not(@maximum)]/@p90)[1]"/>
        <xsl:if test="$from and $to">
          <line class="whisker" x1="{7 + $scale * ($from - $low)}%" x2="{7 + $scale * ($to - $low)}%" y1="{$y + 28}" y2="{$y + 28}"/>
        </xsl:if>
        <xsl:for-each select="$s/@minimum[. &lt; $from] | $s/@maximum[. &gt; $to]">
          <circle class="outside" cx="{7 + $scale * (. - $low)}%" cy="{$y + 28}" r="3.2"/>
        </xsl:for-each>
        <xsl:if test="$points">
          <xsl:call-template name="cloud">
            <xsl:with-param name="values" select="key('case-value', concat(../@tool, '|', ../@target, '|', ../@metric))"/>
            <xsl:with-param name="y" select="$y + 18"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
          </xsl:call-template>
        </xsl:if>
        <xsl:if test="$s/@q1">
          <rect x="{7 + $scale * ($s/@q1 - $low)}%" y="{$y + 20}" height="16" width="{$scale * ($s/@q3 - $s/@q1)}%"/>
        </xsl:if>
        <xsl:if test="$s/@median">
          <line class="median" x1="{7 + $scale * ($s/@median - $low)}%" x2="{7 + $scale * ($s/@median - $low)}%" y1="{$y + 19}" y2="{$y + 37}"/>
        </xsl:if>
        <svg x="{7 + $scale * ($s/@mean - $low)}%" y="{$y + 28}" overflow="visible"><path class="mean" d="M0-4.5L4.5 0L0 4.5L-4.5 0Z"/></svg>
      </g>
    </xsl:if>
  </xsl:template>

  <!-- One path of dots, spread over the height of the box in a fixed pattern so that equal values stay apart. -->
  <xsl:template name="cloud">
    <xsl:param name="values"/><xsl:param name="y"/><xsl:param name="low"/><xsl:param name="high"/>
    <svg x="7%" y="{$y}" width="86%" height="20" viewBox="0 0 1000 20" preserveAspectRatio="none" overflow="visible">
      <path class="cloud">
        <xsl:attribute name="d">
          <xsl:for-each select="$values">
            <xsl:value-of select="concat('M', round(10000 * (. - $low) div ($high - $low)) div 10, ' ', 2 + (position() * 7) mod 17, 'h0')"/>
          </xsl:for-each>
        </xsl:attribute>
      </path>
    </svg>
  </xsl:template>

  <xsl:template name="box-table">
    <xsl:param name="target"/>
    <details>
      <summary>The same in numbers</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Spread of the cases, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>; the median's interval is by order statistics and covers at least <xsl:value-of select="$percent"/> %</span></caption>
          <thead>
            <tr>
              <th scope="col">Metric</th><th scope="col">Tool</th><th scope="col" class="number">n</th><th scope="col" class="number">Mean</th><th scope="col" class="number">SD</th>
              <th scope="col" class="number">Median</th><th scope="col" class="number">Quartile 1</th><th scope="col" class="number">Quartile 3</th>
              <th scope="col" class="number">Line from</th><th scope="col" class="number">Line to</th>
              <xsl:if test="not($public)"><th scope="col" class="number">Smallest</th><th scope="col" class="number">Largest</th></xsl:if>
              <th scope="col" class="number">Put in<small>by policy</small></th><th scope="col" class="number">Left out<small>by policy</small></th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$results/r:metrics/r:metric">
              <xsl:variable name="unit" select="@unit"/>
              <xsl:for-each select="key('result', concat($target, '|', @id))/r:of-all[r:summary]">
                <xsl:sort select="key('standing', ../@tool)/@place" data-type="number"/>
                <tr>
                  <td><xsl:value-of select="../@metric"/></td>
                  <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="../@tool"/></xsl:call-template></th>
                  <td class="number" data-sort="{@n}"><xsl:value-of select="@n"/></td>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@mean"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@sd"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <td class="number">
                    <xsl:if test="r:summary/@median"><xsl:attribute name="data-sort"><xsl:value-of select="r:summary/@median"/></xsl:attribute></xsl:if>
                    <xsl:choose>
                      <xsl:when test="r:summary/@median"><xsl:call-template name="figure"><xsl:with-param name="of" select="r:summary/@median"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template></xsl:when>
                      <xsl:otherwise>–</xsl:otherwise>
                    </xsl:choose>
                    <xsl:if test="r:summary/@median-low">
                      <xsl:call-template name="between"><xsl:with-param name="low" select="r:summary/@median-low"/><xsl:with-param name="high" select="r:summary/@median-high"/><xsl:with-param name="unit" select="$unit"/><xsl:with-param name="like" select="r:summary/@median"/></xsl:call-template>
                    </xsl:if>
                  </td>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@q1"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@q3"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="(r:summary/@whisker-low | r:summary[not(@whisker-low)]/@minimum | r:summary[not(@whisker-low) and not(@minimum)]/@p10)[1]"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="(r:summary/@whisker-high | r:summary[not(@whisker-high)]/@maximum | r:summary[not(@whisker-high) and not(@maximum)]/@p90)[1]"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  <xsl:if test="not($public)">
                    <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@minimum"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                    <xsl:call-template name="plain"><xsl:with-param name="of" select="r:summary/@maximum"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template>
                  </xsl:if>
                  <td class="number" data-sort="{r:counts/@substituted}"><xsl:value-of select="r:counts/@substituted"/></td>
                  <td class="number" data-sort="{r:counts/@excluded}"><xsl:value-of select="r:counts/@excluded"/></td>
                </tr>
              </xsl:for-each>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <!-- what the points are drawn from: a table per metric, a row per case -->
  <xsl:template name="case-tables">
    <xsl:param name="target"/>
    <details class="long">
      <summary>Every point in numbers: <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></summary>
      <xsl:for-each select="$results/r:metrics/r:metric[key('result', concat($target, '|', @id))/r:of-all/r:summary]">
        <xsl:variable name="metric" select="."/>
        <div class="scroll" tabindex="0" role="group" aria-label="Table">
          <table class="sortable values">
            <caption><span><xsl:value-of select="@id"/> of every case, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template><xsl:if test="@unit != '1' and @unit != ''">, in <xsl:value-of select="@unit"/></xsl:if>; a dash: no value of its own</span></caption>
            <thead><tr>
              <th scope="col">Case</th><th scope="col">Provider</th>
              <xsl:for-each select="$results/r:tools/r:tool"><xsl:sort select="key('standing', @key)/@place" data-type="number"/><th scope="col" class="number"><xsl:value-of select="@key"/></th></xsl:for-each>
            </tr></thead>
            <tbody>
              <xsl:for-each select="$results/r:cases/r:case">
                <tr>
                  <th scope="row"><xsl:value-of select="@id"/></th><td class="name"><xsl:value-of select="@provider"/></td>
                  <xsl:variable name="case" select="@id"/>
                  <xsl:for-each select="$results/r:tools/r:tool">
                    <xsl:sort select="key('standing', @key)/@place" data-type="number"/>
                    <xsl:call-template name="value-cell">
                      <xsl:with-param name="of" select="key('value-of-case', concat($case, '|', @key, '|', $target, '|', $metric/@id))"/><xsl:with-param name="unit" select="$metric/@unit"/>
                    </xsl:call-template>
                  </xsl:for-each>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </div>
      </xsl:for-each>
    </details>
  </xsl:template>

  <!-- a cell with a number, or a dash -->
  <xsl:template name="plain">
    <xsl:param name="of"/><xsl:param name="unit"/>
    <td class="number">
      <xsl:choose>
        <xsl:when test="$of"><xsl:attribute name="data-sort"><xsl:value-of select="$of"/></xsl:attribute><xsl:call-template name="figure"><xsl:with-param name="of" select="$of"/><xsl:with-param name="unit" select="$unit"/></xsl:call-template></xsl:when>
        <xsl:otherwise>–</xsl:otherwise>
      </xsl:choose>
    </td>
  </xsl:template>
</xsl:stylesheet>
