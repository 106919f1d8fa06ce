<?xml version="1.0" encoding="UTF-8"?>
<!-- Definitions of the metrics and where everything came from. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:template name="definitions">
    <section id="definitions">
      <h2>What the metrics mean</h2>
      <xsl:for-each select="$results/r:metrics/r:metric">
        <h3><xsl:value-of select="@id"/><xsl:text> </xsl:text><small><xsl:value-of select="r:title"/></small></h3>
        <dl>
          <dt>Formula</dt><dd><xsl:value-of select="r:formula"/></dd>
          <dt>Range</dt><dd><xsl:value-of select="r:range"/><xsl:if test="@unit != '1' and @unit != ''"> (in <xsl:value-of select="@unit"/>)</xsl:if>; <xsl:call-template name="direction"><xsl:with-param name="metric" select="."/></xsl:call-template></dd>
          <dt>When empty</dt><dd><xsl:value-of select="r:empty-rule"/></dd>
          <dt>Averaging</dt><dd><xsl:value-of select="r:averaging"/></dd>
          <dt>Source</dt><dd><xsl:value-of select="r:reference"/> (definition version <xsl:value-of select="@version"/>)</dd>
        </dl>
      </xsl:for-each>
      <h3>Intervals</h3>
      <p>
        Percentile bootstrap: <xsl:value-of select="$bench/r:statistics/@replicates"/> times, as many cases as there are were drawn with replacement and the
        <xsl:choose><xsl:when test="$classification">metric</xsl:when><xsl:otherwise>mean</xsl:otherwise></xsl:choose>
        computed again; the interval holds the middle <xsl:value-of select="$percent"/> % of the answers (seed <xsl:value-of select="$bench/r:statistics/@seed"/>).
        It tells how far the figure could move with other cases of the same kind. It does not tell of other hospitals, of errors in the reference, or of repeated patients.
      </p>
    </section>
  </xsl:template>

  <xsl:template name="provenance">
    <section id="provenance">
      <h2>Provenance</h2>
      <dl class="hashes">
        <dt>Report</dt><dd><code><xsl:value-of select="$report/@id"/></code> made <xsl:value-of select="$report/@created"/></dd>
        <dt>Bench</dt><dd><xsl:value-of select="$bench/@id"/><xsl:text> </xsl:text><xsl:value-of select="$bench/@version"/><xsl:text> </xsl:text><code>sha256:<xsl:value-of select="$bench/@sha256"/></code></dd>
        <dt>Cohort</dt><dd><xsl:value-of select="$cohort/@id"/><xsl:text> </xsl:text><xsl:value-of select="$cohort/@version"/><xsl:if test="$cohort/@licence">, licence <xsl:value-of select="$cohort/@licence"/></xsl:if><xsl:text> </xsl:text><code>sha256:<xsl:value-of select="$cohort/@sha256"/></code></dd>
        <xsl:for-each select="$results/r:tools/r:tool">
          <dt>Tool</dt><dd><xsl:value-of select="@id"/><xsl:text> </xsl:text><xsl:value-of select="@version"/><xsl:if test="@licence">, licence <xsl:value-of select="@licence"/></xsl:if><xsl:text> </xsl:text><code>sha256:<xsl:value-of select="@sha256"/></code></dd>
        </xsl:for-each>
        <dt>Engine</dt><dd>cohmark <xsl:value-of select="$results/r:engine/@version"/><xsl:if test="$execution/@engine-commit">, commit <code><xsl:value-of select="$execution/@engine-commit"/></code></xsl:if></dd>
        <dt>Machine</dt><dd><xsl:value-of select="$execution/@machine"/></dd>
        <xsl:for-each select="$execution/r:launch">
          <dt>Launch</dt><dd><xsl:value-of select="@started"/>
            <xsl:choose><xsl:when test="@ended"> to <xsl:value-of select="@ended"/></xsl:when><xsl:otherwise>, did not end by itself</xsl:otherwise></xsl:choose>;
            <xsl:value-of select="@ranks"/><xsl:choose><xsl:when test="@ranks = 1"> rank</xsl:when><xsl:otherwise> ranks</xsl:otherwise></xsl:choose> of
            <xsl:value-of select="@threads"/><xsl:choose><xsl:when test="@threads = 1"> thread</xsl:when><xsl:otherwise> threads</xsl:otherwise></xsl:choose>,
            <xsl:value-of select="@kernels"/> kernels</dd>
        </xsl:for-each>
        <xsl:if test="$bench/r:openebench">
          <dt>OpenEBench</dt><dd>community <xsl:value-of select="$bench/r:openebench/@community"/>, event <xsl:value-of select="$bench/r:openebench/@event"/>, challenge <xsl:value-of select="$bench/r:openebench/@challenge"/></dd>
        </xsl:if>
      </dl>
      <p class="legend">This page is made from report.xml, which has every number in full and is what counts.</p>
    </section>
  </xsl:template>
</xsl:stylesheet>
