<?xml version="1.0" encoding="UTF-8"?>
<!-- Numbers and words as people read them. A part of report.xsl: keys and global variables are declared there. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- ============================== numbers for people ============================== -->
  <xsl:decimal-format minus-sign="&#x2212;"/>
  <!-- for coordinates, which machines read -->
  <xsl:decimal-format name="plain"/>

  <!-- a number for people; unit: of its metric, if it is the value of one; like: the number whose decimals it gets;
       end: of an interval, where what is smaller than the last decimal is zero and not said to be less than it -->
  <xsl:template name="figure">
    <xsl:param name="of"/><xsl:param name="unit"/><xsl:param name="like" select="$of"/><xsl:param name="end" select="false()"/>
    <xsl:value-of select="cm:figure($of, $unit, $like, $end)"/>
  </xsl:template>

  <xsl:template name="seconds">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of &lt; 0.1"><xsl:call-template name="figure"><xsl:with-param name="of" select="1000 * $of"/></xsl:call-template> ms</xsl:when>
      <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="$of"/></xsl:call-template> s</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- of: has low and high; like: the number between them -->
  <xsl:template name="interval">
    <xsl:param name="of"/><xsl:param name="unit"/><xsl:param name="like" select="$of/@high"/>
    <xsl:if test="$of">
      <xsl:call-template name="between">
        <xsl:with-param name="low" select="$of/@low"/><xsl:with-param name="high" select="$of/@high"/>
        <xsl:with-param name="unit" select="$unit"/><xsl:with-param name="like" select="$like"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="between">
    <xsl:param name="low"/><xsl:param name="high"/><xsl:param name="unit"/><xsl:param name="like" select="$high"/>
    <span class="interval">
      <xsl:text>[</xsl:text>
      <xsl:call-template name="figure"><xsl:with-param name="of" select="$low"/><xsl:with-param name="unit" select="$unit"/><xsl:with-param name="like" select="$like"/><xsl:with-param name="end" select="true()"/></xsl:call-template>
      <xsl:text>, </xsl:text>
      <xsl:call-template name="figure"><xsl:with-param name="of" select="$high"/><xsl:with-param name="unit" select="$unit"/><xsl:with-param name="like" select="$like"/><xsl:with-param name="end" select="true()"/></xsl:call-template>
      <xsl:text>]</xsl:text>
    </span>
  </xsl:template>

  <xsl:template name="bytes">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of &gt;= 1073741824"><xsl:value-of select="format-number($of div 1073741824, '0.0')"/> GiB</xsl:when>
      <xsl:when test="$of &gt;= 1048576"><xsl:value-of select="format-number($of div 1048576, '#,##0')"/> MiB</xsl:when>
      <xsl:otherwise><xsl:value-of select="format-number($of div 1024, '#,##0')"/> KiB</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="operations">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of &gt;= 1e12"><xsl:call-template name="figure"><xsl:with-param name="of" select="$of div 1e12"/></xsl:call-template> Tflop</xsl:when>
      <xsl:when test="$of &gt;= 1e9"><xsl:call-template name="figure"><xsl:with-param name="of" select="$of div 1e9"/></xsl:call-template> Gflop</xsl:when>
      <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="$of div 1e6"/></xsl:call-template> Mflop</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="least">
    <xsl:param name="of"/>
    <xsl:for-each select="$of">
      <xsl:sort data-type="number"/>
      <xsl:if test="position() = 1"><xsl:value-of select="."/></xsl:if>
    </xsl:for-each>
  </xsl:template>
  <xsl:template name="greatest">
    <xsl:param name="of"/>
    <xsl:for-each select="$of">
      <xsl:sort data-type="number" order="descending"/>
      <xsl:if test="position() = 1"><xsl:value-of select="."/></xsl:if>
    </xsl:for-each>
  </xsl:template>

  <!-- ============================== words ============================== -->
  <xsl:template name="reason">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of = 'no-cases'">no cases</xsl:when>
      <xsl:when test="$of = 'nothing-left'">no case with a value</xsl:when>
      <xsl:when test="$of = 'not-defined'">not defined (0/0)</xsl:when>
      <xsl:when test="$of = 'both-empty'">both masks empty</xsl:when>
      <xsl:when test="$of = 'reference-empty'">reference empty</xsl:when>
      <xsl:when test="$of = 'prediction-empty'">prediction empty</xsl:when>
      <xsl:when test="$of = 'missing'">no prediction</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="state">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of = 'open'">not run yet</xsl:when>
      <xsl:when test="$of = 'memory-limit'">memory limit</xsl:when>
      <xsl:when test="$of = 'non-finite-output'">non-finite output</xsl:when>
      <xsl:when test="$of = 'unknown-label'">unknown label</xsl:when>
      <xsl:when test="$of = 'damaged-input'">damaged input</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- what warnings of one kind have in common -->
  <xsl:template name="warning-words">
    <xsl:param name="code"/>
    <xsl:choose>
      <xsl:when test="$code = 'incomplete'">Cases that tools have not seen yet</xsl:when>
      <xsl:when test="$code = 'failed-cases'">Failed cases, which count <xsl:call-template name="policy"><xsl:with-param name="of" select="$bench/r:policies/@missing"/></xsl:call-template></xsl:when>
      <xsl:when test="$code = 'machine-dependent'">Cases on which a tool met a time or memory limit; on another machine it might not</xsl:when>
      <xsl:when test="$code = 'damaged-input'">Cases that could not be read from the cohort and are left out</xsl:when>
      <xsl:when test="$code = 'undefined'">Cases without a value of <xsl:value-of select="$ranking/@metric"/>, so that not every tool is judged on the same ones</xsl:when>
      <xsl:otherwise><xsl:value-of select="translate($code, '-', ' ')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- what a policy of the bench does with a case -->
  <xsl:template name="policy">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of = 'worst'">as the worst possible result</xsl:when>
      <xsl:when test="$of = 'exclude'">not at all (left out)</xsl:when>
      <xsl:when test="$of = 'trivial-best'">as the best possible result</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="hidden">
    <xsl:text>not published</xsl:text>
  </xsl:template>

  <!-- the name of a statistical method as statisticians write it -->
  <xsl:template name="method-words">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of = 'percentile'">percentiles of the bootstrap</xsl:when>
      <xsl:when test="$of = 'order-statistic'">order statistics</xsl:when>
      <xsl:when test="$of = 'wilcoxon-signed-rank'">Wilcoxon’s signed-rank test</xsl:when>
      <xsl:when test="$of = 'hodges-lehmann'">Hodges and Lehmann</xsl:when>
      <xsl:when test="$of = 'wilson'">Wilson</xsl:when>
      <xsl:when test="$of = 'normal'">normal approximation</xsl:when>
      <xsl:when test="$of = 'two-one-sided-t'">two one-sided t tests</xsl:when>
      <xsl:when test="$of = 'friedman-iman-davenport'">Friedman’s test, by Iman and Davenport</xsl:when>
      <xsl:when test="$of = 'delong'">DeLong</xsl:when>
      <xsl:when test="$of = 'mcnemar'">McNemar’s exact test</xsl:when>
      <xsl:when test="$of = 'paired-bootstrap'">paired bootstrap</xsl:when>
      <xsl:when test="$of = 'holm'">Holm</xsl:when>
      <xsl:when test="$of = 'hochberg'">Hochberg</xsl:when>
      <xsl:when test="$of = 'benjamini-hochberg'">Benjamini and Hochberg</xsl:when>
      <xsl:when test="$of = 'cochran-q'">Cochran’s Q</xsl:when>
      <xsl:otherwise><xsl:value-of select="translate($of, '-', ' ')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- what a statistical rule is for -->
  <xsl:template name="purpose">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="contains($of, 'auroc')"><xsl:value-of select="translate(concat(substring-before($of, 'auroc'), 'AUROC', substring-after($of, 'auroc')), '-', ' ')"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="translate($of, '-', ' ')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="target-name">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of = 'macro' and $classification">mean over the classes</xsl:when>
      <xsl:when test="$of = 'mean-of-targets'">mean over the targets</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="badge">
    <xsl:variable name="outcome" select="$results/r:verdict/@outcome"/>
    <xsl:choose>
      <xsl:when test="$outcome = 'clear' and $few">Leads, on few cases</xsl:when>
      <xsl:when test="$outcome = 'clear'">Clear lead</xsl:when>
      <xsl:when test="$outcome = 'not-clear'">Not clearly apart</xsl:when>
      <xsl:when test="$outcome = 'equal'">Shared first place</xsl:when>
      <xsl:when test="$outcome = 'single'">Only one tool</xsl:when>
      <xsl:when test="$outcome = 'too-few-cases'">Too few cases</xsl:when>
      <xsl:when test="$outcome = 'incomplete'">Run not complete</xsl:when>
      <xsl:when test="$outcome = 'hidden'">Not published</xsl:when>
      <xsl:otherwise>No ranking</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- compared: of the number that tools are compared by, which is a distance for a metric that is best at a value;
       else of the values of cases or the cohort -->
  <xsl:template name="direction">
    <xsl:param name="metric"/><xsl:param name="compared" select="true()"/>
    <xsl:if test="$compared and $metric/@direction = 'closer-to-one'">distance from 1, </xsl:if>
    <xsl:if test="$compared and $metric/@direction = 'closer-to-zero'">distance from zero, </xsl:if>
    <xsl:choose>
      <xsl:when test="$compared and starts-with($metric/@direction, 'closer')">lower is better</xsl:when>
      <xsl:when test="$metric/@direction = 'higher'">higher is better</xsl:when>
      <xsl:when test="$metric/@direction = 'lower'">lower is better</xsl:when>
      <xsl:when test="$metric/@direction = 'closer-to-one'">closer to 1 is better</xsl:when>
      <xsl:otherwise>closer to zero is better</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="metric-head">
    <xsl:param name="metric"/>
    <xsl:value-of select="$metric/@id"/>
    <small>
      <xsl:if test="$metric/@unit != '1' and $metric/@unit != ''"><xsl:value-of select="$metric/@unit"/>, </xsl:if>
      <xsl:call-template name="direction"><xsl:with-param name="metric" select="$metric"/></xsl:call-template>
    </small>
  </xsl:template>

  <!-- a tool's name with its colour, and from the ninth tool on its shape, the same all over the page -->
  <xsl:template name="tool-name">
    <xsl:param name="key"/>
    <xsl:variable name="order" select="key('tool', $key)/@order - 1"/>
    <span class="tool"><span class="swatch c{$order mod 8} s{floor($order div 8) mod 4}"></span><bdi><xsl:value-of select="$key"/></bdi></span>
  </xsl:template>
</xsl:stylesheet>
