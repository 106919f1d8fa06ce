<?xml version="1.0" encoding="UTF-8"?>
<!-- report.xml to one HTML page that needs nothing else: no network, no font, pictures inline, and one small script that
     readers can do without. This file is the frame of the page and its first screen. The sections are in ranking.xsl and
     certainty.xsl, tables.xsl, groups.xsl, costs.xsl, cases.xsl, sources.xsl; what they draw with in plots.xsl, boxes.xsl,
     plane.xsl, stability.xsl; words and numbers in words.xsl; the style is report.css, the script report.js.

     Functions of the engine: cm:style(), cm:script() give report.css and report.js, cm:script-hash() the hash by which the
     page's policy knows the script, cm:picture(file, sha256) a data URI, cm:step(least, greatest, n) a round tick distance
     that cuts the range into about n parts, cm:root(x), cm:log10(x), cm:power10(x) a power of ten as text, cm:short(text, most) a text
     whose middle is left out to fit a width, cm:nodes(tree) the nodes of a variable, cm:figure(value, unit, like, end) a number for people, cm:detail() how much the page may hold:
     3 all, 2 no points of cases, 1 spread and groups of the main target alone.
     Nothing is computed here that is not in report.xml, but positions. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <xsl:strip-space elements="*"/>

  <xsl:key name="tool" match="r:tools/r:tool" use="@key"/>
  <xsl:key name="standing" match="r:standing" use="@tool"/>
  <xsl:key name="metric" match="r:metrics/r:metric" use="@id"/>
  <xsl:key name="result" match="r:aggregates/r:result" use="concat(@target, '|', @metric)"/>
  <xsl:key name="cost" match="r:cost" use="@tool"/>
  <!-- a pair of tools, from either end -->
  <xsl:key name="pair" match="r:pairs/r:pair" use="concat(@first, '|', @second)"/>
  <xsl:key name="pair" match="r:pairs/r:pair" use="concat(@second, '|', @first)"/>

  <xsl:variable name="report" select="/r:report"/>
  <xsl:variable name="results" select="$report/r:results"/>
  <xsl:variable name="execution" select="$report/r:execution"/>
  <xsl:variable name="bench" select="$results/r:bench"/>
  <xsl:variable name="cohort" select="$results/r:cohort"/>
  <xsl:variable name="ranking" select="$results/r:ranking"/>
  <xsl:variable name="ranking-unit" select="$results/r:metrics/r:metric[@id = $ranking/@metric]/@unit"/>
  <xsl:variable name="public" select="$report/@audience = 'public'"/>
  <xsl:variable name="classification" select="$bench/@task = 'classification'"/>
  <xsl:variable name="first-tool" select="$results/r:tools/r:tool[1]/@key"/>
  <xsl:variable name="percent" select="format-number(100 * $bench/r:statistics/@confidence-level, '0.##')"/>
  <xsl:variable name="filled" select="$cohort/r:provider[@hidden or @cases &gt; 0]"/>
  <xsl:variable name="few" select="$results/r:warnings/r:warning/@code = 'few-cases'"/>
  <xsl:variable name="most-failures" select="200"/>

  <!-- targets: of the first tool's results, one per target -->
  <xsl:variable name="per-target"
    select="$results/r:aggregates/r:result[@tool = $first-tool and @metric = $results/r:metrics/r:metric[1]/@id]"/>
  <!-- the target whose cells carry the ranking; for a mean over targets, the first -->
  <xsl:variable name="main-target">
    <xsl:choose>
      <xsl:when test="$ranking/@target = 'mean-of-targets'"><xsl:value-of select="$per-target[1]/@target"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="$ranking/@target"/></xsl:otherwise>
    </xsl:choose>
  </xsl:variable>

  <!-- targets whose cases and groups are shown -->
  <xsl:variable name="spread-targets" select="$per-target[cm:detail() &gt; 1 or @target = $main-target]"/>

  <!-- ============================== the page ============================== -->
  <!-- the serializer of libxslt says the character set itself -->
  <xsl:template match="/">
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src '{cm:script-hash()}'; img-src data:; base-uri 'none'; form-action 'none'"/>
        <meta name="generator" content="cohmark {$results/r:engine/@version}"/>
        <title><xsl:value-of select="$bench/@title"/> - cohmark report</title>
        <style><xsl:value-of select="cm:style()"/></style>
      </head>
      <body>
        <main>
          <xsl:call-template name="top"/>
          <xsl:call-template name="contents"/>
          <xsl:call-template name="ranking"/>
          <xsl:if test="$comparison"><xsl:call-template name="certainty"/></xsl:if>
          <xsl:call-template name="results"/>
          <xsl:if test="$curves"><xsl:call-template name="curves"/></xsl:if>
          <xsl:if test="$planes"><xsl:call-template name="classes"/></xsl:if>
          <xsl:call-template name="groups"/>
          <xsl:call-template name="cost"/>
          <xsl:call-template name="failures"/>
          <xsl:if test="$results/r:examples/r:example"><xsl:call-template name="examples"/></xsl:if>
          <xsl:if test="$results/r:pictures/r:picture"><xsl:call-template name="pictures"/></xsl:if>
          <xsl:call-template name="definitions"/>
          <xsl:call-template name="provenance"/>
        </main>
        <script><xsl:value-of select="cm:script()"/></script>
      </body>
    </html>
  </xsl:template>

  <xsl:template name="top">
    <header>
      <p class="over">
        <xsl:text>cohmark report </xsl:text>
        <span class="audience">
          <xsl:choose>
            <xsl:when test="$public">public copy</xsl:when>
            <xsl:otherwise>site copy: holds case ids<xsl:if test="$results/r:pictures/r:picture"> and pictures</xsl:if>, not for publication</xsl:otherwise>
          </xsl:choose>
        </span>
      </p>
      <h1><xsl:value-of select="$bench/@title"/></h1>
      <p class="question"><xsl:call-template name="question"/></p>
      <p class="cohort">
        <xsl:choose>
          <xsl:when test="$cohort/@hidden">A cohort too small to publish its size</xsl:when>
          <xsl:otherwise>
            <b><xsl:value-of select="$cohort/@cases"/> cases</b> of <xsl:value-of select="$cohort/@patients"/>
            <xsl:choose><xsl:when test="$cohort/@patients = 1"> patient</xsl:when><xsl:otherwise> patients</xsl:otherwise></xsl:choose>
          </xsl:otherwise>
        </xsl:choose>
        <xsl:text> from </xsl:text>
        <xsl:value-of select="count($filled)"/>
        <xsl:choose><xsl:when test="count($filled) = 1"> provider</xsl:when><xsl:otherwise> providers</xsl:otherwise></xsl:choose>
        <xsl:for-each select="$cohort/@modality | $cohort/@body-part | $cohort/@condition">
          <xsl:text> · </xsl:text><xsl:value-of select="."/>
        </xsl:for-each>
        <xsl:if test="$cohort/@title != $bench/@title"><xsl:text> · </xsl:text><xsl:value-of select="$cohort/@title"/></xsl:if>
        <xsl:if test="$cohort/@split"> (split “<xsl:value-of select="$cohort/@split"/>”)</xsl:if>
        <xsl:text> · </xsl:text><xsl:value-of select="count($results/r:tools/r:tool)"/>
        <xsl:choose><xsl:when test="count($results/r:tools/r:tool) = 1"> tool</xsl:when><xsl:otherwise> tools</xsl:otherwise></xsl:choose>
      </p>
    </header>
    <section aria-label="Verdict">
      <xsl:attribute name="class">verdict <xsl:value-of select="$results/r:verdict/@outcome"/><xsl:if test="$few"> few</xsl:if></xsl:attribute>
      <p class="badge"><xsl:call-template name="badge"/></p>
      <p class="say"><xsl:value-of select="$results/r:verdict/r:text"/></p>
      <xsl:if test="$results/r:verdict/r:best and ($comparison/r:equals/r:group/r:member[2] or count($comparison/r:equals/r:group) &gt; 1)"><xsl:call-template name="verdict-groups"/></xsl:if>
    </section>
    <xsl:if test="$results/r:warnings/r:warning">
      <section class="warnings" aria-label="Warnings">
        <h2>Before you rely on it</h2>
        <ul>
          <xsl:for-each select="$results/r:warnings/r:warning"><xsl:call-template name="warning"/></xsl:for-each>
        </ul>
      </section>
    </xsl:if>
  </xsl:template>

  <!-- what the bench asks, in a sentence: who does what best, and by which number -->
  <xsl:template name="question">
    <xsl:variable name="tools" select="count($results/r:tools/r:tool)"/>
    <xsl:variable name="metric" select="key('metric', $ranking/@metric)"/>
    <xsl:choose>
      <xsl:when test="$tools = 1">How well does <bdi><xsl:value-of select="$results/r:tools/r:tool/@key"/></bdi></xsl:when>
      <xsl:otherwise>Which of <xsl:value-of select="$tools"/> tools</xsl:otherwise>
    </xsl:choose>
    <xsl:variable name="s" select="substring('s', 1, $tools != 1)"/>
    <xsl:choose>
      <xsl:when test="$classification"><xsl:value-of select="concat(' tell', $s, ' ')"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="concat(' segment', $s, ' ')"/></xsl:otherwise>
    </xsl:choose>
    <xsl:choose>
      <xsl:when test="$ranking/@target = 'macro' and $classification">the classes apart</xsl:when>
      <xsl:when test="$classification"><bdi><xsl:value-of select="$ranking/@target"/></bdi> from the rest</xsl:when>
      <xsl:when test="$ranking/@target != 'mean-of-targets'"><bdi><xsl:value-of select="$ranking/@target"/></bdi></xsl:when>
      <xsl:when test="count($bench/r:target) &gt; 4"><xsl:value-of select="count($bench/r:target)"/> structures</xsl:when>
      <xsl:otherwise>
        <xsl:for-each select="$bench/r:target">
          <xsl:choose><xsl:when test="position() = 1"/><xsl:when test="position() = last()"> and </xsl:when><xsl:otherwise>, </xsl:otherwise></xsl:choose>
          <bdi><xsl:value-of select="@name"/></bdi>
        </xsl:for-each>
      </xsl:otherwise>
    </xsl:choose>
    <xsl:if test="$tools != 1"> best</xsl:if>
    <xsl:text>? Judged by </xsl:text><a href="#definitions"><xsl:value-of select="$ranking/@metric"/></a>
    <xsl:text> (</xsl:text><xsl:value-of select="$metric/r:title"/><xsl:text>; </xsl:text>
    <xsl:call-template name="direction"><xsl:with-param name="metric" select="$metric"/></xsl:call-template><xsl:text>).</xsl:text>
  </xsl:template>

  <!-- context: a warning; three and more of one kind, each of another tool, are one line that can be opened -->
  <xsl:template name="warning">
    <xsl:variable name="same" select="../r:warning[@code = current()/@code and @tool]"/>
    <xsl:choose>
      <xsl:when test="not(@tool) or count($same) &lt; 3"><li><xsl:value-of select="."/></li></xsl:when>
      <xsl:when test="count(. | $same[1]) = 1">
        <li>
          <xsl:call-template name="warning-words"><xsl:with-param name="code" select="@code"/></xsl:call-template>
          <xsl:text> (tool and number of cases): </xsl:text>
          <xsl:for-each select="$same[position() &lt;= 6]">
            <xsl:if test="position() &gt; 1">, </xsl:if><bdi><xsl:value-of select="@tool"/></bdi><xsl:text> </xsl:text><xsl:value-of select="@cases"/>
          </xsl:for-each>
          <xsl:if test="count($same) &gt; 6"> and <xsl:value-of select="count($same) - 6"/> more</xsl:if>
          <xsl:text>.</xsl:text>
          <details>
            <summary>One by one</summary>
            <ul><xsl:for-each select="$same"><li><xsl:value-of select="."/></li></xsl:for-each></ul>
          </details>
        </li>
      </xsl:when>
    </xsl:choose>
  </xsl:template>

  <!-- groups of equals with the value of each, best first; the whole list is in the section on certainty -->
  <xsl:template name="verdict-groups">
    <!-- with very many the first screen would be nothing else -->
    <xsl:variable name="most-groups" select="5 - 2 * (count($comparison/r:equals/r:group) &gt; 5)"/>
    <p class="groups-head"><xsl:value-of select="$ranking/@metric"/><xsl:if test="starts-with(key('metric', $ranking/@metric)/@direction, 'closer')"> (distance)</xsl:if> with its <xsl:value-of select="$percent"/> % interval; tools on one line cannot be told apart:</p>
    <ul class="groups">
      <xsl:for-each select="$comparison/r:equals/r:group[position() &lt;= $most-groups]">
        <li>
          <xsl:call-template name="group-places"/>
          <span>
          <xsl:for-each select="r:member[position() &lt;= 6]">
            <xsl:variable name="standing" select="key('standing', @tool)"/>
            <xsl:if test="position() &gt; 1"><span class="equal"> = </span></xsl:if>
            <span class="member">
              <xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template>
              <xsl:if test="$standing/r:value">
                <xsl:text> </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="$standing/r:value"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
                <xsl:call-template name="interval"><xsl:with-param name="of" select="$standing/r:interval"/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="$standing/r:value"/></xsl:call-template>
              </xsl:if>
            </span>
          </xsl:for-each>
          <xsl:if test="count(r:member) &gt; 6"><span class="equal"> and <xsl:value-of select="count(r:member) - 6"/> more</span></xsl:if>
          </span>
        </li>
      </xsl:for-each>
    </ul>
    <xsl:if test="count($comparison/r:equals/r:group) &gt; $most-groups">
      <p class="groups-head"><a href="#certainty"><xsl:value-of select="count($comparison/r:equals/r:group) - $most-groups"/> more groups</a></p>
    </xsl:if>
  </xsl:template>

  <xsl:template name="contents">
    <nav aria-label="Contents">
      <a href="#ranking">Ranking</a>
      <xsl:if test="$comparison"><a href="#certainty">How sure</a></xsl:if><a href="#results">Results</a>
      <xsl:if test="$curves"><a href="#curves">Curves</a></xsl:if><xsl:if test="$planes"><a href="#classes">Two metrics</a></xsl:if><a href="#groups">Providers and subgroups</a><a href="#cost">Cost</a>
      <a href="#failures">Failures</a>
      <xsl:if test="$results/r:examples/r:example"><a href="#examples">Cases</a></xsl:if>
      <xsl:if test="$results/r:pictures/r:picture"><a href="#pictures">Pictures</a></xsl:if>
      <a href="#definitions">Metrics</a><a href="#provenance">Provenance</a>
    </nav>
  </xsl:template>

</xsl:stylesheet>
