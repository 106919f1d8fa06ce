<?xml version="1.0" encoding="UTF-8"?>
<!-- Curves of classifiers and detectors: ROC, precision and recall, calibration, net benefit, FROC. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:key name="curve" match="r:curve[r:point]" use="concat(@target, '|', @kind, '|', @metric)"/>
  <xsl:variable name="curves" select="$results/r:curves/r:curve[r:point]"/>
  <!-- A curve of report.xml has about 200 points at most. Where there are very many curves, every so many-th point is
       drawn, and a table has what is drawn: neither more nor less. Short curves (bins) are whole. -->
  <xsl:variable name="curve-points" select="count($curves/r:point)"/>
  <xsl:variable name="curve-stride" select="1 + ($curve-points &gt; 24000) * (ceiling($curve-points div 24000) - 1)"/>
  <xsl:variable name="short-curve" select="40"/>

  <xsl:template name="curves">
    <section id="curves">
      <h2>Curves</h2>
      <p>
        <xsl:choose>
          <xsl:when test="$classification">
            <xsl:text>ROC and precision–recall curves show what a tool does at every threshold, not at one alone: the further to the top left (ROC) or top right (precision), the better. </xsl:text>
            <xsl:if test="$curves/@kind = 'calibration'">The calibration curve shows whether a score can be read as a probability: on the dashed line 80 of 100 cases with a score of 0.8 have the finding. Net benefit weighs found cases against false alarms at the threshold from which one would act. </xsl:if>
          </xsl:when>
          <xsl:otherwise>How many lesions a tool finds, and at the price of how many false alarms per case: the further to the top left, the better. </xsl:otherwise>
        </xsl:choose>
        <xsl:text>The lines of tools differ in colour and in dashes.</xsl:text>
        <xsl:if test="$public"> Points that would tell of fewer cases than the minimum cell are left out.</xsl:if>
      </p>
      <xsl:for-each select="$bench/r:target">
        <xsl:variable name="target" select="@name"/>
        <!-- one of every kind; FROC curves by different rules are different plots -->
        <xsl:variable name="first" select="$curves[@target = $target][generate-id() = generate-id(key('curve', concat(@target, '|', @kind, '|', @metric))[1])]"/>
        <xsl:if test="$first">
          <h3><xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></h3>
          <div class="plots{substring(' two', 1, 4 * (count($first) mod 3 != 0 and count($first) mod 2 = 0))}">
            <xsl:for-each select="$first"><xsl:call-template name="curve-plot"><xsl:with-param name="of" select="key('curve', concat($target, '|', @kind, '|', @metric))"/></xsl:call-template></xsl:for-each>
          </div>
          <xsl:for-each select="$first"><xsl:call-template name="curve-table"><xsl:with-param name="of" select="key('curve', concat($target, '|', @kind, '|', @metric))"/></xsl:call-template></xsl:for-each>
        </xsl:if>
      </xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template name="curve-words">
    <xsl:param name="kind"/><xsl:param name="part"/>
    <xsl:choose>
      <xsl:when test="$kind = 'roc' and $part = 'title'">ROC curve</xsl:when>
      <xsl:when test="$kind = 'roc' and $part = 'x'">1 − specificity</xsl:when>
      <xsl:when test="$kind = 'roc' and $part = 'y'">sensitivity</xsl:when>
      <xsl:when test="$kind = 'roc'">dashed: chance</xsl:when>
      <xsl:when test="$kind = 'pr' and $part = 'title'">Precision and recall</xsl:when>
      <xsl:when test="$kind = 'pr' and $part = 'x'">recall (sensitivity)</xsl:when>
      <xsl:when test="$kind = 'pr' and $part = 'y'">precision</xsl:when>
      <xsl:when test="$kind = 'pr'">steps, as average precision sums them</xsl:when>
      <xsl:when test="$kind = 'calibration' and $part = 'title'">Calibration</xsl:when>
      <xsl:when test="$kind = 'calibration' and $part = 'x'">mean score of a bin</xsl:when>
      <xsl:when test="$kind = 'calibration' and $part = 'y'">share of cases</xsl:when>
      <xsl:when test="$kind = 'calibration'">larger dot: more cases; dashed: perfect</xsl:when>
      <xsl:when test="$kind = 'decision' and $part = 'title'">Net benefit</xsl:when>
      <xsl:when test="$kind = 'decision' and $part = 'x'">threshold probability</xsl:when>
      <xsl:when test="$kind = 'decision' and $part = 'y'">net benefit</xsl:when>
      <xsl:when test="$kind = 'decision'">dashed: treat all; zero: treat none</xsl:when>
      <xsl:when test="$kind = 'froc' and $part = 'title'">FROC curve</xsl:when>
      <xsl:when test="$kind = 'froc' and $part = 'x'">false positives per case</xsl:when>
      <xsl:when test="$kind = 'froc' and $part = 'y'">sensitivity for lesions</xsl:when>
      <xsl:otherwise>by the volume of a predicted lesion</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- of: the curves of one kind and target -->
  <xsl:template name="curve-plot">
    <xsl:param name="of"/>
    <xsl:variable name="kind" select="$of[1]/@kind"/>
    <xsl:variable name="x-most">
      <xsl:choose>
        <xsl:when test="$kind = 'froc' or $kind = 'decision'"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$of/r:point/@x"/></xsl:call-template></xsl:when>
        <xsl:otherwise>1</xsl:otherwise>
      </xsl:choose>
    </xsl:variable>
    <xsl:variable name="x-step" select="cm:step(0, $x-most, 5)"/>
    <xsl:variable name="x-high" select="ceiling($x-most div $x-step - 0.000001) * $x-step + 0.1 * ($x-most = 0)"/>
    <xsl:variable name="y-greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$of/r:point/@y | $of/r:point/@all"/></xsl:call-template></xsl:variable>
    <!-- net benefit falls without end towards a threshold of 1: below minus a fifth of its best nothing is shown -->
    <xsl:variable name="y-high"><xsl:choose><xsl:when test="$kind = 'decision'"><xsl:value-of select="$y-greatest + ($y-greatest &lt;= 0)"/></xsl:when><xsl:otherwise>1</xsl:otherwise></xsl:choose></xsl:variable>
    <xsl:variable name="y-low"><xsl:choose><xsl:when test="$kind = 'decision'"><xsl:value-of select="-0.2 * $y-high"/></xsl:when><xsl:otherwise>0</xsl:otherwise></xsl:choose></xsl:variable>
    <xsl:variable name="y-step" select="cm:step($y-low, $y-high, 5)"/>
    <xsl:variable name="title"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">title</xsl:with-param></xsl:call-template></xsl:variable>
    <figure class="plot">
      <figcaption>
        <b><xsl:value-of select="$title"/></b>
        <small><xsl:if test="$of/@metric"><xsl:value-of select="$of/@metric"/>, </xsl:if><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/></xsl:call-template></small>
      </figcaption>
      <svg width="100%" height="300" role="img">
        <xsl:call-template name="describe">
          <xsl:with-param name="title"><xsl:value-of select="$title"/>, <xsl:value-of select="$of[1]/@target"/></xsl:with-param>
          <xsl:with-param name="text">One line per tool; the points of every line are in its table below the plots.</xsl:with-param>
        </xsl:call-template>
        <text class="tick" x="0" y="12"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">y</xsl:with-param></xsl:call-template></text>
        <text class="tick" x="97%" y="296" text-anchor="end"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">x</xsl:with-param></xsl:call-template></text>
        <xsl:call-template name="ticks">
          <xsl:with-param name="value" select="0"/><xsl:with-param name="low" select="0"/><xsl:with-param name="high" select="$x-high"/>
          <xsl:with-param name="step" select="$x-step"/><xsl:with-param name="bottom" select="260"/><xsl:with-param name="top" select="24"/>
          <xsl:with-param name="left" select="14"/><xsl:with-param name="width" select="80"/>
        </xsl:call-template>
        <xsl:call-template name="curve-ticks">
          <xsl:with-param name="value" select="ceiling($y-low div $y-step - 0.000001) * $y-step"/><xsl:with-param name="low" select="$y-low"/><xsl:with-param name="high" select="$y-high"/><xsl:with-param name="step" select="$y-step"/>
        </xsl:call-template>
        <svg class="{substring('clip', 1, 4 * ($kind = 'decision'))}" x="14%" y="24" width="80%" height="236" viewBox="0 0 1000 1000" preserveAspectRatio="none">
          <xsl:if test="$kind = 'roc' or $kind = 'calibration'"><path class="cut" d="M0 1000L1000 0"/></xsl:if>
          <xsl:if test="$kind = 'decision'">
            <path class="cut">
              <xsl:attribute name="d">
                <xsl:for-each select="$of[1]/r:point"><xsl:value-of select="concat(substring('LM', 1 + (position() = 1), 1), format-number(1000 * @x div $x-high, '0.#', 'plain'), ' ', format-number(1000 * ($y-high - @all) div ($y-high - $y-low), '0.#', 'plain'))"/></xsl:for-each>
              </xsl:attribute>
            </path>
          </xsl:if>
          <xsl:for-each select="$of">
            <xsl:sort select="key('standing', @tool)/@place" data-type="number" order="descending"/>
            <xsl:variable name="order" select="key('tool', @tool)/@order - 1"/>
            <g class="c{$order mod 8} dash{($order + floor($order div 8)) mod 4}">
              <path class="curve">
                <xsl:attribute name="d">
                  <xsl:for-each select="r:point[(position() - 1) mod $curve-stride = 0 or position() = last() or last() &lt;= $short-curve]">
                    <xsl:variable name="x" select="format-number(1000 * @x div $x-high, '0.#', 'plain')"/>
                    <xsl:variable name="y" select="format-number(1000 * ($y-high - @y) div ($y-high - $y-low), '0.#', 'plain')"/>
                    <xsl:choose>
                      <!-- the first step of precision begins at recall 0 -->
                      <xsl:when test="$kind = 'pr' and position() = 1"><xsl:value-of select="concat('M0 ', $y, 'H', $x)"/></xsl:when>
                      <xsl:when test="$kind = 'pr'"><xsl:value-of select="concat('V', $y, 'H', $x)"/></xsl:when>
                      <xsl:otherwise><xsl:value-of select="concat(substring('LM', 1 + (position() = 1), 1), $x, ' ', $y)"/></xsl:otherwise>
                    </xsl:choose>
                  </xsl:for-each>
                </xsl:attribute>
              </path>
            </g>
          </xsl:for-each>
        </svg>
        <xsl:if test="$kind = 'calibration'">
          <xsl:variable name="most-n"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$of/r:point/@n"/></xsl:call-template></xsl:variable>
          <xsl:for-each select="$of/r:point">
            <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="../@tool"/></xsl:call-template></xsl:variable>
            <circle class="dot {$colour}" cx="{14 + 80 * @x}%" cy="{24 + 236 * (1 - @y)}" r="{format-number(2.5 + 4.5 * cm:root(@n div $most-n), '0.0', 'plain')}"/>
          </xsl:for-each>
        </xsl:if>
      </svg>
      <ul class="key">
        <xsl:for-each select="$of">
          <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
          <xsl:variable name="order" select="key('tool', @tool)/@order - 1"/>
          <li class="c{$order mod 8} dash{($order + floor($order div 8)) mod 4}">
            <svg width="28" height="10" aria-hidden="true"><path class="curve" d="M0 5H28"/></svg>
            <span>
              <bdi><xsl:value-of select="@tool"/></bdi>
              <!-- the area under it, when the bench has that metric -->
              <xsl:variable name="area" select="key('result', concat(@target, '|', substring('AUROC  AP.step', 1 + 7 * ($kind = 'pr'), 5 + 2 * ($kind = 'pr'))))[@tool = current()/@tool]/r:of-all[r:value]"/>
              <xsl:if test="$area and ($kind = 'roc' or $kind = 'pr')">
                <xsl:text> </xsl:text><xsl:value-of select="$area/../@metric"/><xsl:text> </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="$area/r:value"/><xsl:with-param name="unit">1</xsl:with-param></xsl:call-template>
                <xsl:call-template name="interval"><xsl:with-param name="of" select="$area/r:interval"/><xsl:with-param name="unit">1</xsl:with-param><xsl:with-param name="like" select="$area/r:value"/></xsl:call-template>
              </xsl:if>
            </span>
          </li>
        </xsl:for-each>
      </ul>
    </figure>
  </xsl:template>

  <xsl:template name="curve-ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="y" select="24 + 236 * ($high - $value) div ($high - $low)"/>
      <line class="grid" x1="14%" x2="94%" y1="{$y}" y2="{$y}"/>
      <text class="tick" x="12.5%" y="{$y + 4}" text-anchor="end"><xsl:call-template name="tick-figure"><xsl:with-param name="value" select="$value"/><xsl:with-param name="step" select="$step"/></xsl:call-template></text>
      <xsl:call-template name="curve-ticks">
        <xsl:with-param name="value" select="$value + $step"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/><xsl:with-param name="step" select="$step"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- of: the curves of one kind and target; the points as they are drawn -->
  <xsl:template name="curve-table">
    <xsl:param name="of"/>
    <xsl:variable name="kind" select="$of[1]/@kind"/>
    <xsl:variable name="title"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">title</xsl:with-param></xsl:call-template></xsl:variable>
    <xsl:variable name="with-threshold" select="boolean($of/r:point/@threshold)"/>
    <xsl:variable name="thinned" select="$curve-stride &gt; 1 and $of[count(r:point) &gt; $short-curve]"/>
    <details class="long">
      <summary><xsl:value-of select="$title"/> in numbers: <xsl:value-of select="$of[1]/@target"/><xsl:if test="$of/@metric">, <xsl:value-of select="$of/@metric"/></xsl:if></summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable values">
          <caption><span>
            <xsl:value-of select="$title"/><xsl:text>, </xsl:text><xsl:value-of select="$of[1]/@target"/><xsl:text>: </xsl:text>
            <xsl:choose>
              <xsl:when test="$thinned">one point in <xsl:value-of select="$curve-stride"/> and the last, those that are drawn; report.xml has every one</xsl:when>
              <xsl:otherwise>every point that is drawn</xsl:otherwise>
            </xsl:choose>
            <xsl:if test="$of/@left-out">. Of a curve with more steps than about 200 report.xml has so many</xsl:if>
          </span></caption>
          <thead><tr>
            <th scope="col">Tool</th>
            <th scope="col" class="number"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">x</xsl:with-param></xsl:call-template></th>
            <th scope="col" class="number"><xsl:call-template name="curve-words"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="part">y</xsl:with-param></xsl:call-template></th>
            <xsl:if test="$kind = 'decision'"><th scope="col" class="number">treat all</th></xsl:if>
            <xsl:if test="$with-threshold"><th scope="col" class="number"><xsl:choose><xsl:when test="$kind = 'froc'">volume from</xsl:when><xsl:when test="$kind = 'calibration'">bin from</xsl:when><xsl:otherwise>score from</xsl:otherwise></xsl:choose></th></xsl:if>
            <xsl:if test="$kind = 'calibration'"><th scope="col" class="number">cases</th></xsl:if>
          </tr></thead>
          <tbody>
            <xsl:for-each select="$of">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <xsl:for-each select="r:point[(position() - 1) mod $curve-stride = 0 or position() = last() or last() &lt;= $short-curve]">
                <tr>
                  <th scope="row"><xsl:value-of select="../@tool"/></th>
                  <xsl:call-template name="value-cell"><xsl:with-param name="of" select="@x"/></xsl:call-template>
                  <xsl:call-template name="value-cell"><xsl:with-param name="of" select="@y"/></xsl:call-template>
                  <xsl:if test="$kind = 'decision'"><xsl:call-template name="value-cell"><xsl:with-param name="of" select="@all"/></xsl:call-template></xsl:if>
                  <xsl:if test="$with-threshold"><xsl:call-template name="value-cell"><xsl:with-param name="of" select="@threshold"/><xsl:with-param name="unit"/></xsl:call-template></xsl:if>
                  <xsl:if test="$kind = 'calibration'"><td><xsl:value-of select="@n"/></td></xsl:if>
                </tr>
              </xsl:for-each>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <!-- a number and nothing else: of these there are thousands -->
  <xsl:template name="value-cell">
    <xsl:param name="of"/><xsl:param name="unit" select="1"/>
    <td><xsl:choose>
      <xsl:when test="$of"><xsl:value-of select="cm:figure($of, $unit, $of, false())"/></xsl:when>
      <xsl:otherwise>–</xsl:otherwise>
    </xsl:choose></td>
  </xsl:template>
</xsl:stylesheet>
