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
          <dt>Range</dt><dd><xsl:value-of select="r:range"/><xsl:if test="@unit != '1' and @unit != ''"> (in <xsl:value-of select="@unit"/>)</xsl:if>; <xsl:call-template name="direction"><xsl:with-param name="metric" select="."/><xsl:with-param name="compared" select="false()"/></xsl:call-template></dd>
          <dt>When empty</dt><dd><xsl:value-of select="r:empty-rule"/></dd>
          <dt>Averaging</dt><dd><xsl:value-of select="r:averaging"/></dd>
          <dt>Source</dt><dd><xsl:value-of select="r:reference"/> (definition version <xsl:value-of select="@version"/>)</dd>
        </dl>
      </xsl:for-each>
      <h3>Methods</h3>
      <p>
        Intervals hold the middle <xsl:value-of select="$percent"/> % of what came of
        <xsl:value-of select="$bench/r:statistics/@replicates"/> resampled cohorts, unless a rule below says otherwise: each time as many
        <xsl:value-of select="$bench/r:statistics/@resampled"/><xsl:text>s as there are were drawn with replacement</xsl:text>
        <xsl:if test="$bench/r:statistics/@within-providers = 'true'"> within each provider</xsl:if>
        and the numbers computed again (seed <xsl:value-of select="$bench/r:statistics/@seed"/>).
        They tell how far a figure could move with other cases of the same kind. They do not tell of other hospitals or of errors in the reference.
      </p>
      <xsl:if test="$bench/r:statistics/r:rule">
        <div class="scroll" tabindex="0" role="group" aria-label="Table">
          <table>
            <caption><span>Which method this report used for which number, and why</span></caption>
            <thead><tr><th scope="col">For</th><th scope="col">Method</th><th scope="col">Why</th></tr></thead>
            <tbody>
              <xsl:for-each select="$bench/r:statistics/r:rule">
                <tr><th scope="row"><xsl:call-template name="purpose"><xsl:with-param name="of" select="@for"/></xsl:call-template></th><td><xsl:call-template name="method-words"><xsl:with-param name="of" select="@method"/></xsl:call-template></td><td class="words"><xsl:value-of select="."/></td></tr>
              </xsl:for-each>
            </tbody>
          </table>
        </div>
      </xsl:if>
    </section>
  </xsl:template>

  <xsl:template name="provenance">
    <section id="provenance">
      <h2>Provenance</h2>
      <dl class="hashes">
        <dt>Report</dt><dd><code><xsl:value-of select="$report/@id"/></code> made <xsl:value-of select="$report/@created"/></dd>
        <dt>Bench</dt><dd><xsl:value-of select="$bench/@id"/><xsl:text> </xsl:text><xsl:value-of select="$bench/@version"/><xsl:text> </xsl:text><code>sha256:<xsl:value-of select="$bench/@sha256"/></code></dd>
        <dt>Cohort</dt><dd><xsl:value-of select="$cohort/@id"/><xsl:text> </xsl:text><xsl:value-of select="$cohort/@version"/><xsl:if test="$cohort/@licence">, licence <xsl:value-of select="$cohort/@licence"/></xsl:if><xsl:text> </xsl:text><code>sha256:<xsl:value-of select="$cohort/@sha256"/></code></dd>
        <xsl:for-each select="$cohort/@modality-code | $cohort/@body-part-code | $cohort/@condition-code">
          <dt>Concept</dt><dd><xsl:value-of select="../@*[name() = substring-before(name(current()), '-code')]"/><xsl:text> </xsl:text><code><xsl:value-of select="."/></code></dd>
        </xsl:for-each>
        <xsl:for-each select="$cohort/r:data-use">
          <dt>Data use</dt><dd><xsl:value-of select="@name"/><xsl:if test="@code"><xsl:text> </xsl:text><code><xsl:value-of select="@code"/></code></xsl:if></dd>
        </xsl:for-each>
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
