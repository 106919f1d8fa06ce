<?xml version="1.0" encoding="UTF-8"?>
<!-- Results per target: a table, then dots with intervals and boxes with points. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:template name="results">
    <section id="results">
      <h2>Results</h2>
      <p>
        <xsl:choose>
          <xsl:when test="$classification">Value over all cases with its <xsl:value-of select="$percent"/> % interval in brackets; below it the number of cases.</xsl:when>
          <xsl:otherwise>Mean with its <xsl:value-of select="$percent"/> % interval in brackets; below it the median and the number of cases behind both.</xsl:otherwise>
        </xsl:choose>
        <xsl:text> The best of each column is bold.</xsl:text>
        <xsl:if test="$results/r:metrics/r:metric[starts-with(@direction, 'closer')]">
          <xsl:text> A metric that is best at a value is compared by the distance from it, which is the number shown; with their signs errors would cancel. Below it the </xsl:text>
          <xsl:choose>
            <xsl:when test="$classification">value itself.</xsl:when>
            <xsl:otherwise>bias: the mean with its sign.</xsl:otherwise>
          </xsl:choose>
        </xsl:if>
        <xsl:if test="cm:detail() &lt; 3"><xsl:text> To keep this page light, no plot has a point for every case</xsl:text>
          <xsl:if test="cm:detail() &lt; 2">, and how cases spread and what groups have is shown for <b><xsl:call-template name="target-name"><xsl:with-param name="of" select="$main-target"/></xsl:call-template></b> alone</xsl:if>
          <xsl:text>; all numbers are in report.xml.</xsl:text>
        </xsl:if>
      </p>
      <xsl:for-each select="$per-target">
        <xsl:sort select="number(@target = $main-target)" data-type="number" order="descending"/>
        <xsl:variable name="target" select="@target"/>
        <h3><xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></h3>
        <xsl:call-template name="result-table"><xsl:with-param name="target" select="$target"/></xsl:call-template>
        <xsl:if test="position() = 1 and $results/r:aggregates/r:result/r:of-all[r:summary or r:value]"><xsl:call-template name="plot-legend"/></xsl:if>
        <div class="plots">
          <xsl:for-each select="$results/r:metrics/r:metric">
            <xsl:variable name="cells" select="key('result', concat($target, '|', @id))/r:of-all"/>
            <xsl:if test="$cells/r:summary or $cells/r:value">
              <xsl:call-template name="plot">
                <xsl:with-param name="cells" select="$cells"/><xsl:with-param name="title" select="@id"/><xsl:with-param name="metric" select="."/>
              </xsl:call-template>
            </xsl:if>
          </xsl:for-each>
        </div>
        <xsl:if test="$spread-targets[@target = $target]"><xsl:call-template name="boxes"><xsl:with-param name="target" select="$target"/></xsl:call-template></xsl:if>
      </xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template name="result-table">
    <xsl:param name="target"/>
    <div class="scroll" tabindex="0" role="group" aria-label="Table">
      <table class="stacked sortable">
        <caption><span>
          <xsl:text>All metrics, </xsl:text>
          <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>
        </span></caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$results/r:metrics/r:metric"><xsl:call-template name="metric-column"/></xsl:for-each>
          </tr>
        </thead>
        <tbody>
          <xsl:for-each select="$results/r:tools/r:tool">
            <xsl:sort select="key('standing', @key)/@place" data-type="number"/>
            <xsl:variable name="tool" select="@key"/>
            <tr>
              <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
              <xsl:for-each select="$results/r:metrics/r:metric">
                <xsl:call-template name="cell">
                  <xsl:with-param name="of" select="key('result', concat($target, '|', @id))[@tool = $tool]/r:of-all"/>
                  <xsl:with-param name="metric" select="."/>
                </xsl:call-template>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
  </xsl:template>

  <!-- context: a metric -->
  <xsl:template name="metric-column">
    <th scope="col" class="number">
      <xsl:if test="@direction = 'higher'"><xsl:attribute name="data-first">descending</xsl:attribute></xsl:if>
      <xsl:call-template name="metric-head"><xsl:with-param name="metric" select="."/></xsl:call-template>
    </th>
  </xsl:template>

  <xsl:template name="cell">
    <xsl:param name="of"/><xsl:param name="metric"/>
    <xsl:variable name="value" select="cm:compared($of)"/>
    <xsl:variable name="median" select="$of/r:distance/@median | $of[not(r:distance)]/r:summary/@median"/>
    <xsl:variable name="signed" select="$of[r:distance]/r:summary/@mean | $of[r:distance]/r:value"/>
    <td class="number">
      <xsl:if test="$of/../@place = 1 and local-name($of) = 'of-all' and $value"><xsl:attribute name="class">number best</xsl:attribute></xsl:if>
      <xsl:if test="$value"><xsl:attribute name="data-sort"><xsl:value-of select="$value"/></xsl:attribute></xsl:if>
      <xsl:choose>
        <xsl:when test="not($of)">–</xsl:when>
        <xsl:when test="$of/@hidden"><span class="none"><xsl:call-template name="hidden"/></span></xsl:when>
        <xsl:when test="$of/r:undefined"><span class="none"><xsl:call-template name="reason"><xsl:with-param name="of" select="$of/r:undefined/@reason"/></xsl:call-template></span></xsl:when>
        <xsl:otherwise>
          <span class="main"><xsl:call-template name="figure"><xsl:with-param name="of" select="$value"/><xsl:with-param name="unit" select="$metric/@unit"/></xsl:call-template></span>
          <xsl:call-template name="interval"><xsl:with-param name="of" select="cm:compared-interval($of)"/><xsl:with-param name="unit" select="$metric/@unit"/><xsl:with-param name="like" select="$value"/></xsl:call-template>
        </xsl:otherwise>
      </xsl:choose>
      <xsl:if test="not($of/@hidden)">
        <small>
          <xsl:if test="$median">median <xsl:call-template name="figure"><xsl:with-param name="of" select="$median"/><xsl:with-param name="unit" select="$metric/@unit"/></xsl:call-template><xsl:text> · </xsl:text></xsl:if>
          <xsl:if test="$signed"><xsl:value-of select="substring('value bias ', 1 + 6 * boolean($of/r:summary), 6)"/><xsl:call-template name="figure"><xsl:with-param name="of" select="$signed"/><xsl:with-param name="unit" select="$metric/@unit"/></xsl:call-template><xsl:text> · </xsl:text></xsl:if>
          <xsl:choose>
            <xsl:when test="$of/@n">n = <xsl:value-of select="$of/@n"/></xsl:when>
            <xsl:when test="$of/@cases"><xsl:value-of select="$of/@cases"/> cases</xsl:when>
          </xsl:choose>
        </small>
      </xsl:if>
    </td>
  </xsl:template>
</xsl:stylesheet>
