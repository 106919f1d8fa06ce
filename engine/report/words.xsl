<?xml version="1.0" encoding="UTF-8"?>
<!-- Numbers and words as people read them. A part of report.xsl: keys and global variables are declared there. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- ============================== numbers for people ============================== -->
  <xsl:template name="figure">
    <xsl:param name="of"/>
    <xsl:variable name="x" select="number($of)"/>
    <xsl:variable name="size" select="$x * (1 - 2 * ($x &lt; 0))"/>
    <xsl:choose>
      <xsl:when test="$size &gt;= 100"><xsl:value-of select="format-number($x, '#,##0')"/></xsl:when>
      <xsl:when test="$size &gt;= 10"><xsl:value-of select="format-number($x, '0.0')"/></xsl:when>
      <xsl:when test="$size &gt;= 1"><xsl:value-of select="format-number($x, '0.00')"/></xsl:when>
      <xsl:when test="$size = 0">0</xsl:when>
      <xsl:when test="$size &lt; 0.0005 and $x &lt; 0">&gt;-0.001</xsl:when>
      <xsl:when test="$size &lt; 0.0005">&lt;0.001</xsl:when>
      <xsl:otherwise><xsl:value-of select="format-number($x, '0.000')"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="seconds">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="$of &lt; 0.1"><xsl:call-template name="figure"><xsl:with-param name="of" select="1000 * $of"/></xsl:call-template> ms</xsl:when>
      <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="$of"/></xsl:call-template> s</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="interval">
    <xsl:param name="of"/>
    <xsl:if test="$of">
      <span class="interval">
        <xsl:text>[</xsl:text>
        <xsl:call-template name="figure"><xsl:with-param name="of" select="$of/@low"/></xsl:call-template>
        <xsl:text>, </xsl:text>
        <xsl:call-template name="figure"><xsl:with-param name="of" select="$of/@high"/></xsl:call-template>
        <xsl:text>]</xsl:text>
      </span>
    </xsl:if>
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

  <xsl:template name="hidden">
    <xsl:text>not published</xsl:text>
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

  <xsl:template name="direction">
    <xsl:param name="metric"/>
    <xsl:choose>
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

  <!-- a tool's name with its colour, the same all over the page -->
  <xsl:template name="tool-name">
    <xsl:param name="key"/>
    <span class="swatch c{(key('tool', $key)/@order - 1) mod 8}"></span>
    <bdi><xsl:value-of select="$key"/></bdi>
  </xsl:template>
</xsl:stylesheet>
