<?xml version="1.0" encoding="UTF-8"?>
<!-- The ranking: who is where, by how much. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:template name="ranking">
    <section id="ranking">
      <h2>Ranking</h2>
      <p>
        <xsl:text>By </xsl:text><b><xsl:value-of select="$ranking/@metric"/></b>
        <xsl:text> (</xsl:text>
        <xsl:call-template name="direction"><xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/></xsl:call-template>
        <xsl:text>), </xsl:text>
        <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template>
        <xsl:text>. A difference is the leader’s value minus the tool’s, on the same resampled cases; a tool is clearly behind when its interval does not hold zero</xsl:text>
        <xsl:if test="$comparison"> and the test of the pair, corrected for all pairs, agrees</xsl:if>.
      </p>
      <xsl:if test="$ranking/r:standing/r:value">
        <xsl:call-template name="plot">
          <xsl:with-param name="cells" select="$ranking/r:standing"/>
          <xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/>
          <xsl:with-param name="class">plot wide</xsl:with-param>
          <xsl:with-param name="title">
            <xsl:value-of select="$ranking/@metric"/><xsl:text>, </xsl:text>
            <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template>
            <xsl:text>, with </xsl:text><xsl:value-of select="$percent"/><xsl:text> % intervals</xsl:text>
          </xsl:with-param>
        </xsl:call-template>
      </xsl:if>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Places of the tools. Equal values share the better place.</span></caption>
          <thead>
            <tr>
              <th scope="col" class="number" aria-sort="ascending">Place</th><th scope="col">Tool</th>
              <th scope="col" class="number"><xsl:if test="key('metric', $ranking/@metric)/@direction = 'higher'"><xsl:attribute name="data-first">descending</xsl:attribute></xsl:if><xsl:value-of select="$ranking/@metric"/><small><xsl:if test="starts-with(key('metric', $ranking/@metric)/@direction, 'closer')">distance, </xsl:if><xsl:value-of select="$percent"/> % interval</small></th>
              <th scope="col" class="number">Difference<small>to the leader, <xsl:value-of select="$percent"/> % interval</small></th>
              <xsl:if test="$comparison"><th scope="col" class="number">Adjusted p<small>against the leader</small></th></xsl:if>
              <th scope="col">Clearly behind</th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$ranking/r:standing">
              <xsl:sort select="@place" data-type="number"/>
              <tr>
                <td class="number place" data-sort="{@place}"><xsl:value-of select="@place"/></td>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template>
                  <small><xsl:if test="key('tool', @tool)/@name != @tool"><bdi><xsl:value-of select="key('tool', @tool)/@name"/></bdi>, </xsl:if>version <xsl:value-of select="key('tool', @tool)/@version"/></small></th>
                <td class="number">
                  <xsl:if test="r:value"><xsl:attribute name="data-sort"><xsl:value-of select="r:value"/></xsl:attribute></xsl:if>
                  <xsl:choose>
                    <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
                    <xsl:when test="r:value">
                      <b><xsl:call-template name="figure"><xsl:with-param name="of" select="r:value"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template></b>
                      <xsl:call-template name="interval"><xsl:with-param name="of" select="r:interval"/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="r:value"/></xsl:call-template>
                    </xsl:when>
                    <xsl:otherwise><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:otherwise>
                  </xsl:choose>
                </td>
                <td class="number">
                  <xsl:if test="r:difference"><xsl:attribute name="data-sort"><xsl:value-of select="r:difference/@value"/></xsl:attribute></xsl:if>
                  <xsl:for-each select="r:difference">
                    <xsl:call-template name="figure"><xsl:with-param name="of" select="@value"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
                    <xsl:call-template name="interval"><xsl:with-param name="of" select="r:interval"/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="@value"/></xsl:call-template>
                  </xsl:for-each>
                  <xsl:if test="not(r:difference)">–</xsl:if>
                </td>
                <xsl:variable name="pair" select="key('pair', concat(@tool, '|', r:difference/@from))"/>
                <xsl:if test="$comparison">
                  <td class="number">
                    <xsl:if test="$pair"><xsl:attribute name="data-sort"><xsl:value-of select="$pair/@adjusted-p"/></xsl:attribute>
                      <xsl:call-template name="p-value"><xsl:with-param name="of" select="$pair/@adjusted-p"/><xsl:with-param name="bare" select="true()"/></xsl:call-template></xsl:if>
                    <xsl:if test="not($pair)">–</xsl:if>
                  </td>
                </xsl:if>
                <td>
                  <xsl:choose>
                    <xsl:when test="r:difference/@apart = 'true' and (not($comparison) or $pair/@better = r:difference/@from)">yes</xsl:when>
                    <xsl:when test="r:difference">no</xsl:when>
                    <xsl:otherwise>–</xsl:otherwise>
                  </xsl:choose>
                </td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </section>
  </xsl:template>
</xsl:stylesheet>
