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
      <xsl:for-each select="$results/r:combined"><xsl:call-template name="combined"/></xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template name="equal-groups">
    <p>
      <xsl:text>Groups that cannot be told apart, best first (every pair by </xsl:text><xsl:call-template name="test-words"><xsl:with-param name="test" select="$comparison/r:pairs/@test"/></xsl:call-template><xsl:text> on </xsl:text>
      <xsl:value-of select="$comparison/@units"/><xsl:text> </xsl:text><xsl:value-of select="$unit"/>
      <xsl:text>, Holm’s correction, level </xsl:text><xsl:value-of select="format-number($comparison/@alpha, '0.###')"/>
      <xsl:text>; a tool may be in several):</xsl:text>
    </p>
    <ul class="groups">
      <xsl:for-each select="$comparison/r:equals/r:group">
        <li>
          <xsl:call-template name="group-places"/>
          <span>
            <xsl:for-each select="r:member">
              <xsl:if test="position() &gt; 1"><span class="equal"> = </span></xsl:if>
              <span class="member"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></span>
            </xsl:for-each>
          </span>
        </li>
      </xsl:for-each>
    </ul>
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

  <!-- context: a group; the places its tools have in the ranking -->
  <xsl:template name="group-places">
    <xsl:variable name="places" select="$ranking/r:standing[@tool = current()/r:member/@tool]/@place"/>
    <xsl:variable name="first"><xsl:call-template name="least"><xsl:with-param name="of" select="$places"/></xsl:call-template></xsl:variable>
    <xsl:variable name="last"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$places"/></xsl:call-template></xsl:variable>
    <span class="places">
      <xsl:choose>
        <xsl:when test="$first = $last">place <xsl:value-of select="$first"/></xsl:when>
        <xsl:otherwise>places <xsl:value-of select="$first"/>–<xsl:value-of select="$last"/></xsl:otherwise>
      </xsl:choose>
    </span>
  </xsl:template>

  <!-- = 0.012, or < 0.001; bare: 0.012, for a column of them -->
  <xsl:template name="p-value">
    <xsl:param name="of"/><xsl:param name="bare" select="false()"/>
    <xsl:choose>
      <xsl:when test="number($of) &lt; 0.001">&lt; 0.001</xsl:when>
      <xsl:when test="$bare"><xsl:value-of select="format-number($of, '0.000')"/></xsl:when>
      <xsl:otherwise>= <xsl:value-of select="format-number($of, '0.000')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="methods">
    <h3>Places</h3>
    <xsl:for-each select="$comparison/r:method[1][r:place/@first]"><xsl:call-template name="blobs"/><xsl:if test="r:place/r:at"><xsl:call-template name="blob-table"/></xsl:if></xsl:for-each>
    <xsl:if test="count($comparison/r:method) &gt; 1"><xsl:call-template name="method-lines"/></xsl:if>
    <div class="scroll" tabindex="0" role="group" aria-label="Table">
      <table class="stacked sortable">
        <caption><span>
          <xsl:text>Place of each tool by each way to rank the same values; below it the </xsl:text><xsl:value-of select="$percent"/>
          <xsl:text> % interval of its place when the cohort is resampled, and how often it then comes first. The first method is the bench’s. Last column: the places that the tests of the pairs leave open.</xsl:text>
        </span></caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$comparison/r:method">
              <th scope="col" class="number"><xsl:value-of select="translate(@name, '-', ' ')"/>
                <xsl:if test="@mean-tau"><small>mean τ <xsl:value-of select="format-number(@mean-tau, '0.00')"/></small></xsl:if></th>
            </xsl:for-each>
            <th scope="col" class="number">Left open<small>by the tests</small></th>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$comparison/r:method[1]/r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="tool" select="@tool"/>
            <tr>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
              <xsl:for-each select="$comparison/r:method/r:place[@tool = $tool]">
                <td class="number" data-sort="{@place}">
                  <b><xsl:value-of select="@place"/></b>
                  <xsl:if test="@low">
                    <span class="interval">[<xsl:value-of select="format-number(@low, '0.#')"/>, <xsl:value-of select="format-number(@high, '0.#')"/>]</span>
                    <small>first in <xsl:value-of select="format-number(100 * @first, '0.#')"/> %</small>
                  </xsl:if>
                </td>
              </xsl:for-each>
              <xsl:for-each select="$comparison/r:limits/r:limit[@tool = $tool]">
                <td class="number" data-sort="{@low}"><xsl:value-of select="@low"/><xsl:if test="@high != @low"> to <xsl:value-of select="@high"/></xsl:if></td>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
    <p class="legend">τ: Kendall’s rank correlation of a resampled ranking with the one shown; 1 is the same order.</p>
  </xsl:template>

  <xsl:template name="significance-map">
    <xsl:variable name="places" select="$comparison/r:method[1]/r:place"/>
    <!-- more names than fit over columns: rows have numbers, which stand for the tools there, and cells a sign -->
    <xsl:variable name="many" select="count($places) &gt; 10"/>
    <h3>Who is better than whom</h3>
    <div class="scroll" tabindex="0" role="group" aria-label="Table">
      <table class="map">
        <caption><span>
          <xsl:choose>
            <xsl:when test="$many">Row against column, whose number is that of the tool’s row. “+”: the row’s tool is significantly better; “&#x2212;”: significantly worse; “·”: not told apart. The adjusted p is in the table of all pairs.</xsl:when>
            <xsl:otherwise>Row against column. “better”: the row’s tool is significantly better; “worse”: significantly worse; “–”: not told apart. Below it the adjusted p.</xsl:otherwise>
          </xsl:choose>
        </span></caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$places">
              <xsl:sort select="@place" data-type="number"/>
              <th scope="col">
                <xsl:choose>
                  <xsl:when test="$many"><xsl:attribute name="class">sign</xsl:attribute><abbr title="{@tool}"><xsl:value-of select="position()"/></abbr></xsl:when>
                  <xsl:otherwise><xsl:value-of select="@tool"/></xsl:otherwise>
                </xsl:choose>
              </th>
            </xsl:for-each>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$places">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="row" select="@tool"/>
            <tr>
              <th scope="row"><xsl:if test="$many"><xsl:value-of select="position()"/><xsl:text>. </xsl:text></xsl:if><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$row"/></xsl:call-template></th>
              <xsl:for-each select="$places">
                <xsl:sort select="@place" data-type="number"/>
                <xsl:variable name="column" select="@tool"/>
                <xsl:call-template name="map-cell">
                  <xsl:with-param name="many" select="$many"/>
                  <xsl:with-param name="row" select="$row"/>
                  <xsl:with-param name="pair" select="key('pair', concat($row, '|', $column))"/>
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
    <xsl:param name="pair"/><xsl:param name="many"/>
    <td>
      <xsl:if test="$pair">
        <xsl:attribute name="class">
          <xsl:choose><xsl:when test="not($pair/@better)"/><xsl:when test="$pair/@better = $row">wins</xsl:when><xsl:otherwise>loses</xsl:otherwise></xsl:choose>
          <xsl:if test="$many"> sign</xsl:if>
        </xsl:attribute>
        <xsl:choose>
          <xsl:when test="$many and not($pair/@better)">·</xsl:when>
          <xsl:when test="$many and $pair/@better = $row">+</xsl:when>
          <xsl:when test="$many">&#x2212;</xsl:when>
          <xsl:when test="not($pair/@better)">–</xsl:when>
          <xsl:when test="$pair/@better = $row">better</xsl:when>
          <xsl:otherwise>worse</xsl:otherwise>
        </xsl:choose>
        <xsl:if test="not($many)"><small>p <xsl:call-template name="p-value"><xsl:with-param name="of" select="$pair/@adjusted-p"/></xsl:call-template></small></xsl:if>
      </xsl:if>
    </td>
  </xsl:template>

  <xsl:template name="pairs">
    <xsl:variable name="shifts" select="not($comparison/@of = 'cohort')"/>
    <details>
      <summary>Every pair in numbers</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>
            <xsl:choose>
              <xsl:when test="$shifts">
                <xsl:value-of select="translate(substring($unit, 1, 1), 'cp', 'CP')"/><xsl:value-of select="substring($unit, 2)"/>
                <xsl:text> won, tied and lost by the first tool; its chance to win, ties half; the Hodges–Lehmann shift of the values, first minus second; intervals </xsl:text>
              </xsl:when>
              <xsl:otherwise>Difference of the values, first minus second, with its interval; intervals </xsl:otherwise>
            </xsl:choose>
            <xsl:value-of select="$percent"/><xsl:text> %. p is adjusted over all pairs (</xsl:text><xsl:call-template name="method-words"><xsl:with-param name="of" select="$comparison/r:pairs/@adjustment"/></xsl:call-template><xsl:text>).</xsl:text>
          </span></caption>
          <thead>
            <tr><th scope="col">First</th><th scope="col">Second</th>
              <xsl:if test="$shifts"><th scope="col" class="number">Won</th><th scope="col" class="number">Tied</th><th scope="col" class="number">Lost</th><th scope="col" class="number">Chance to win</th><th scope="col" class="number">Shift</th></xsl:if>
              <xsl:if test="not($shifts)"><th scope="col" class="number">Difference</th></xsl:if>
              <th scope="col">Test</th><th scope="col" class="number">p</th><th scope="col" class="number">adjusted p</th><th scope="col">Better</th></tr>
          </thead>
          <tbody><xsl:for-each select="$comparison/r:pairs/r:pair"><xsl:call-template name="pair"><xsl:with-param name="shifts" select="$shifts"/></xsl:call-template></xsl:for-each></tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <!-- context: a pair -->
  <xsl:template name="pair">
    <xsl:param name="shifts"/>
    <tr>
      <th scope="row"><xsl:value-of select="@first"/></th><td><xsl:value-of select="@second"/></td>
      <xsl:choose>
        <xsl:when test="$shifts">
          <xsl:for-each select="@wins | @ties | @losses"><td class="number" data-sort="{.}"><xsl:value-of select="."/></td></xsl:for-each>
          <td class="number" data-sort="{@win-probability}"><xsl:value-of select="format-number(@win-probability, '0.00')"/>
            <span class="interval">[<xsl:value-of select="format-number(@win-low, '0.00')"/>, <xsl:value-of select="format-number(@win-high, '0.00')"/>]</span></td>
          <td class="number" data-sort="{@shift}"><xsl:if test="@shift"><xsl:call-template name="figure"><xsl:with-param name="of" select="@shift"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template></xsl:if><xsl:if test="not(@shift)">–</xsl:if>
            <xsl:if test="@shift-low"><xsl:call-template name="between"><xsl:with-param name="low" select="@shift-low"/><xsl:with-param name="high" select="@shift-high"/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="@shift"/></xsl:call-template></xsl:if></td>
        </xsl:when>
        <xsl:otherwise>
          <td class="number" data-sort="{@difference}"><xsl:call-template name="figure"><xsl:with-param name="of" select="@difference"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
            <xsl:if test="@difference-low"><xsl:call-template name="between"><xsl:with-param name="low" select="@difference-low"/><xsl:with-param name="high" select="@difference-high"/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="@difference"/></xsl:call-template></xsl:if></td>
        </xsl:otherwise>
      </xsl:choose>
      <td>
        <xsl:call-template name="test-words"><xsl:with-param name="test" select="@test | ../@test[not(current()/@test)]"/></xsl:call-template>
        <xsl:if test="@exact = 'true'">, exact</xsl:if>
        <xsl:if test="@units"><small>n = <xsl:value-of select="@units"/></small></xsl:if>
      </td>
      <td class="number" data-sort="{@p}"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@p"/><xsl:with-param name="bare" select="true()"/></xsl:call-template></td>
      <td class="number" data-sort="{@adjusted-p}"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@adjusted-p"/><xsl:with-param name="bare" select="true()"/></xsl:call-template></td>
      <td><xsl:value-of select="@better"/><xsl:if test="not(@better)">–</xsl:if></td>
    </tr>
  </xsl:template>

  <!-- context: combined; one order from several metrics and targets -->
  <xsl:template name="combined">
    <xsl:variable name="combined" select="."/>
    <h3>Several metrics together</h3>
    <div class="scroll" tabindex="0" role="group" aria-label="Table">
      <table class="stacked sortable">
        <caption><span>
          <xsl:text>The weighted mean of the places by each metric and target, as the bench declares; small is best. A tool without a value in one of them </xsl:text>
          <xsl:choose><xsl:when test="@missing = 'last'">shares its last place</xsl:when><xsl:otherwise>has no place</xsl:otherwise></xsl:choose>
          <xsl:text>. In brackets the </xsl:text><xsl:value-of select="$percent"/><xsl:text> % interval of the place when the cohort is resampled.</xsl:text>
        </span></caption>
        <thead><tr>
          <th scope="col" class="number" aria-sort="ascending">Place</th><th scope="col">Tool</th><th scope="col" class="number">Mean place</th>
          <xsl:for-each select="r:part">
            <th scope="col" class="number"><xsl:value-of select="@metric"/><small><xsl:call-template name="target-name"><xsl:with-param name="of" select="@target"/></xsl:call-template>, weight <xsl:value-of select="format-number(@weight, '0.##')"/></small></th>
          </xsl:for-each>
        </tr></thead>
        <tbody>
          <xsl:for-each select="r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:variable name="tool" select="@tool"/>
            <tr>
              <td class="number place" data-sort="{@place}"><xsl:value-of select="@place"/>
                <xsl:if test="@low"><span class="interval">[<xsl:value-of select="format-number(@low, '0.#')"/>, <xsl:value-of select="format-number(@high, '0.#')"/>]</span><small>first in <xsl:value-of select="format-number(100 * @first, '0.#')"/> %</small></xsl:if></td>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
              <xsl:call-template name="plain"><xsl:with-param name="of" select="@score"/></xsl:call-template>
              <xsl:for-each select="$combined/r:part">
                <xsl:variable name="at" select="r:place[@tool = $tool]/@place"/>
                <td class="number" data-sort="{$at}"><xsl:value-of select="$at"/><xsl:if test="not($at)">–</xsl:if></td>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
  </xsl:template>
</xsl:stylesheet>
