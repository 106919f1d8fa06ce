<?xml version="1.0" encoding="UTF-8"?>
<!-- The section that says how sure the order is, from <comparison>. Included by report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:variable name="comparison" select="$results/r:comparison"/>
  <xsl:variable name="unit">
    <xsl:choose><xsl:when test="$comparison/@unit = 'patient'">patients</xsl:when><xsl:otherwise>cases</xsl:otherwise></xsl:choose>
  </xsl:variable>

  <xsl:template name="certainty">
    <section id="certainty">
      <h2>How sure is the order?</h2>
      <xsl:call-template name="equal-groups"/>
      <xsl:call-template name="methods"/>
      <xsl:call-template name="significance-map"/>
      <xsl:call-template name="pairs"/>
      <xsl:if test="$comparison/r:without"><xsl:call-template name="without-providers"/></xsl:if>
    </section>
  </xsl:template>

  <xsl:template name="equal-groups">
    <p>
      <xsl:text>Groups that cannot be told apart, best first (every pair by </xsl:text><xsl:call-template name="test-words"><xsl:with-param name="test" select="$comparison/r:pairs/@test"/></xsl:call-template><xsl:text> on </xsl:text>
      <xsl:value-of select="$comparison/@units"/><xsl:text> </xsl:text><xsl:value-of select="$unit"/>
      <xsl:text>, Holm’s correction, level </xsl:text><xsl:value-of select="format-number($comparison/@alpha, '0.###')"/>
      <xsl:text>; a tool may be in several):</xsl:text>
    </p>
    <ol class="groups">
      <xsl:for-each select="$comparison/r:equals/r:group">
        <li>
          <xsl:for-each select="r:member">
            <xsl:if test="position() &gt; 1"> = </xsl:if>
            <xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template>
          </xsl:for-each>
        </li>
      </xsl:for-each>
    </ol>
    <xsl:for-each select="$comparison/r:friedman">
      <p class="legend">
        <xsl:text>Friedman’s test, whether the tools differ at all: p </xsl:text>
        <xsl:call-template name="p-value"><xsl:with-param name="of" select="@p"/></xsl:call-template>
        <xsl:text> on </xsl:text><xsl:value-of select="@units"/><xsl:text> </xsl:text><xsl:value-of select="$unit"/>
        <xsl:text> with a value of every tool.</xsl:text>
      </p>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="test-words">
    <xsl:param name="test"/>
    <xsl:choose>
      <xsl:when test="$test = 'wilcoxon-signed-rank'">Wilcoxon’s signed-rank test</xsl:when>
      <xsl:when test="$test = 'delong'">DeLong’s test</xsl:when>
      <xsl:when test="$test = 'mcnemar'">McNemar’s exact test</xsl:when>
      <xsl:when test="$test = 'paired-bootstrap'">the difference over its bootstrap standard error</xsl:when>
      <xsl:otherwise>the test that fits it</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- = 0.012, or < 0.001 -->
  <xsl:template name="p-value">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="number($of) &lt; 0.001">&lt; 0.001</xsl:when>
      <xsl:otherwise>= <xsl:value-of select="format-number($of, '0.000')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="methods">
    <h3>Place by ranking method</h3>
    <div class="scroll" tabindex="0">
      <table class="stacked">
        <caption>
          <xsl:text>Place of each tool by five ways to rank the same values; below it the </xsl:text><xsl:value-of select="$percent"/>
          <xsl:text> % interval of its place when the cohort is resampled, and how often it then comes first. The first method is the bench’s. Last column: the places that the tests leave open.</xsl:text>
        </caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$comparison/r:method">
              <th scope="col" class="number"><xsl:value-of select="translate(@name, '-', ' ')"/>
                <xsl:if test="@mean-tau"><small>mean τ <xsl:value-of select="format-number(@mean-tau, '0.00')"/></small></xsl:if></th>
            </xsl:for-each>
            <th scope="col" class="number">open</th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$comparison/r:method[1]/r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="tool" select="@tool"/>
            <tr>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
              <xsl:for-each select="$comparison/r:method/r:place[@tool = $tool]">
                <td class="number">
                  <b><xsl:value-of select="@place"/></b>
                  <xsl:if test="@low">
                    <span class="interval">[<xsl:value-of select="format-number(@low, '0.#')"/>, <xsl:value-of select="format-number(@high, '0.#')"/>]</span>
                    <small>first in <xsl:value-of select="format-number(100 * @first, '0.#')"/> %</small>
                  </xsl:if>
                </td>
              </xsl:for-each>
              <xsl:for-each select="$comparison/r:limits/r:limit[@tool = $tool]">
                <td class="number"><xsl:value-of select="@low"/><xsl:if test="@high != @low"> to <xsl:value-of select="@high"/></xsl:if></td>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
    <p class="legend">τ: Kendall’s rank correlation of a resampled ranking with the one shown; 1 is the same order.</p>
  </xsl:template>

  <xsl:template name="significance-map">
    <h3>Who is better than whom</h3>
    <div class="scroll" tabindex="0">
      <table class="map">
        <caption>Row against column. “better”: the row’s tool is significantly better; “worse”: significantly worse; “–”: not told apart. Below it the adjusted p.</caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$comparison/r:method[1]/r:place">
              <xsl:sort select="@place" data-type="number"/>
              <th scope="col"><xsl:value-of select="@tool"/></th>
            </xsl:for-each>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$comparison/r:method[1]/r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="row" select="@tool"/>
            <tr>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$row"/></xsl:call-template></th>
              <xsl:for-each select="$comparison/r:method[1]/r:place">
                <xsl:sort select="@place" data-type="number"/>
                <xsl:variable name="column" select="@tool"/>
                <xsl:call-template name="map-cell">
                  <xsl:with-param name="row" select="$row"/>
                  <xsl:with-param name="pair" select="$comparison/r:pairs/r:pair[(@first = $row and @second = $column) or (@first = $column and @second = $row)]"/>
                </xsl:call-template>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
  </xsl:template>

  <xsl:template name="map-cell">
    <xsl:param name="row"/>
    <xsl:param name="pair"/>
    <td>
      <xsl:if test="$pair">
        <xsl:if test="$pair/@better">
          <xsl:attribute name="class"><xsl:choose><xsl:when test="$pair/@better = $row">wins</xsl:when><xsl:otherwise>loses</xsl:otherwise></xsl:choose></xsl:attribute>
        </xsl:if>
        <xsl:choose>
          <xsl:when test="not($pair/@better)">–</xsl:when>
          <xsl:when test="$pair/@better = $row">better</xsl:when>
          <xsl:otherwise>worse</xsl:otherwise>
        </xsl:choose>
        <small>p <xsl:call-template name="p-value"><xsl:with-param name="of" select="$pair/@adjusted-p"/></xsl:call-template></small>
      </xsl:if>
    </td>
  </xsl:template>

  <xsl:template name="pairs">
    <details>
      <summary>Every pair in numbers</summary>
      <div class="scroll" tabindex="0">
        <table>
          <caption>
            <xsl:choose>
              <xsl:when test="$comparison/@of = 'cohort'">Difference of the values, first minus second, with its <xsl:value-of select="$percent"/> % interval, and the test behind p.</xsl:when>
              <xsl:otherwise><xsl:value-of select="translate(substring($unit, 1, 1), 'cp', 'CP')"/><xsl:value-of select="substring($unit, 2)"/> won, tied and lost by the first tool; its chance to win, ties half; the Hodges–Lehmann shift of the values, first minus second; intervals <xsl:value-of select="$percent"/> %.</xsl:otherwise>
            </xsl:choose>
          </caption>
          <thead>
            <tr><th scope="col">First</th><th scope="col">Second</th>
              <xsl:choose>
                <xsl:when test="$comparison/@of = 'cohort'"><th scope="col">Test</th><th scope="col" class="number">Difference</th></xsl:when>
                <xsl:otherwise><th scope="col" class="number">Won / tied / lost</th>
                  <th scope="col" class="number">Chance to win</th><th scope="col" class="number">Shift</th></xsl:otherwise>
              </xsl:choose>
              <th scope="col" class="number">p</th><th scope="col" class="number">adjusted p</th></tr>
          </thead>
          <tbody>
            <xsl:for-each select="$comparison/r:pairs/r:pair">
              <tr>
                <th scope="row"><xsl:value-of select="@first"/></th><td><xsl:value-of select="@second"/></td>
                <xsl:if test="$comparison/@of = 'cohort'">
                  <td><xsl:call-template name="test-words"><xsl:with-param name="test" select="@test"/></xsl:call-template></td>
                  <td class="number"><xsl:call-template name="figure"><xsl:with-param name="of" select="@difference"/></xsl:call-template>
                    <xsl:if test="@difference-low"><span class="interval">[<xsl:call-template name="figure"><xsl:with-param name="of" select="@difference-low"/></xsl:call-template> to <xsl:call-template name="figure"><xsl:with-param name="of" select="@difference-high"/></xsl:call-template>]</span></xsl:if></td>
                </xsl:if>
                <xsl:if test="not($comparison/@of = 'cohort')">
                <td class="number"><xsl:value-of select="concat(@wins, ' / ', @ties, ' / ', @losses)"/></td>
                <td class="number"><xsl:value-of select="format-number(@win-probability, '0.00')"/>
                  <span class="interval">[<xsl:value-of select="format-number(@win-low, '0.00')"/>, <xsl:value-of select="format-number(@win-high, '0.00')"/>]</span></td>
                <td class="number"><xsl:call-template name="figure"><xsl:with-param name="of" select="@shift"/></xsl:call-template>
                  <xsl:if test="@shift-low"><span class="interval">[<xsl:call-template name="figure"><xsl:with-param name="of" select="@shift-low"/></xsl:call-template> to <xsl:call-template name="figure"><xsl:with-param name="of" select="@shift-high"/></xsl:call-template>]</span></xsl:if></td>
                </xsl:if>
                <td class="number"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@p"/></xsl:call-template></td>
                <td class="number"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@adjusted-p"/></xsl:call-template></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <xsl:template name="without-providers">
    <h3>Without one provider</h3>
    <div class="scroll" tabindex="0">
      <table>
        <caption>Place by the bench’s method when the cases of one provider are left out: an order that hangs on one hospital shows here.</caption>
        <thead>
          <tr>
            <th scope="col">Tool</th><th scope="col" class="number">All</th>
            <xsl:for-each select="$comparison/r:without"><th scope="col" class="number">without <xsl:value-of select="@provider"/></th></xsl:for-each>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$comparison/r:method[1]/r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="tool" select="@tool"/>
            <xsl:variable name="place" select="@place"/>
            <tr>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
              <td class="number"><xsl:value-of select="@place"/></td>
              <xsl:for-each select="$comparison/r:without/r:place[@tool = $tool]">
                <td class="number">
                  <xsl:choose>
                    <xsl:when test="@place != $place"><b><xsl:value-of select="@place"/></b></xsl:when>
                    <xsl:otherwise><xsl:value-of select="@place"/></xsl:otherwise>
                  </xsl:choose>
                </td>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
  </xsl:template>
</xsl:stylesheet>
