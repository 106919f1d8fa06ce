<?xml version="1.0" encoding="UTF-8"?>
<!-- report.xml to one HTML page that needs nothing else: no script, no network, no font, pictures inline.
     This file is the page section by section; words.xsl, plots.xsl and certainty.xsl are its other parts, report.css its style.

     Functions of the engine: cm:style() gives report.css, cm:picture(file, sha256) a data URI, cm:step(range, n) a round
     tick distance that cuts range into about n parts, cm:log10(x), cm:power10(x) a power of ten as text. Nothing is
     computed here that is not in report.xml, but positions. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <xsl:strip-space elements="*"/>

  <xsl:key name="tool" match="r:tool" use="@key"/>
  <xsl:key name="standing" match="r:standing" use="@tool"/>
  <xsl:key name="metric" match="r:metrics/r:metric" use="@id"/>
  <xsl:key name="result" match="r:result" use="concat(@target, '|', @metric)"/>
  <xsl:key name="cost" match="r:cost" use="@tool"/>

  <xsl:variable name="report" select="/r:report"/>
  <xsl:variable name="results" select="$report/r:results"/>
  <xsl:variable name="execution" select="$report/r:execution"/>
  <xsl:variable name="bench" select="$results/r:bench"/>
  <xsl:variable name="cohort" select="$results/r:cohort"/>
  <xsl:variable name="ranking" select="$results/r:ranking"/>
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

  <!-- ============================== the page ============================== -->
  <xsl:template match="/">
    <html lang="en">
      <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
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
          <xsl:call-template name="providers"/>
          <xsl:call-template name="cost"/>
          <xsl:call-template name="failures"/>
          <xsl:if test="$results/r:pictures/r:picture"><xsl:call-template name="pictures"/></xsl:if>
          <xsl:call-template name="definitions"/>
          <xsl:call-template name="provenance"/>
        </main>
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
            <xsl:otherwise>site copy: holds case ids and pictures, not for publication</xsl:otherwise>
          </xsl:choose>
        </span>
      </p>
      <h1><xsl:value-of select="$bench/@title"/></h1>
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
        <xsl:text> · </xsl:text><xsl:value-of select="$cohort/@title"/>
        <xsl:if test="$cohort/@split"> (split “<xsl:value-of select="$cohort/@split"/>”)</xsl:if>
        <xsl:text> · </xsl:text><xsl:value-of select="count($results/r:tools/r:tool)"/>
        <xsl:choose><xsl:when test="count($results/r:tools/r:tool) = 1"> tool</xsl:when><xsl:otherwise> tools</xsl:otherwise></xsl:choose>
      </p>
    </header>
    <section aria-label="Verdict">
      <xsl:attribute name="class">verdict <xsl:value-of select="$results/r:verdict/@outcome"/><xsl:if test="$few"> few</xsl:if></xsl:attribute>
      <p class="badge"><xsl:call-template name="badge"/></p>
      <p class="say"><xsl:value-of select="$results/r:verdict/r:text"/></p>
    </section>
    <xsl:if test="$results/r:warnings/r:warning">
      <section class="warnings" aria-label="Warnings">
        <h2>Before you rely on it</h2>
        <ul>
          <xsl:for-each select="$results/r:warnings/r:warning[position() &lt;= 6]"><li><xsl:value-of select="."/></li></xsl:for-each>
        </ul>
        <xsl:if test="count($results/r:warnings/r:warning) &gt; 6">
          <details>
            <summary><xsl:value-of select="count($results/r:warnings/r:warning) - 6"/> more</summary>
            <ul>
              <xsl:for-each select="$results/r:warnings/r:warning[position() &gt; 6]"><li><xsl:value-of select="."/></li></xsl:for-each>
            </ul>
          </details>
        </xsl:if>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="contents">
    <nav aria-label="Contents">
      <a href="#ranking">Ranking</a><xsl:if test="$comparison"><a href="#certainty">How sure</a></xsl:if><a href="#results">Results</a><a href="#providers">Providers</a><a href="#cost">Time and memory</a>
      <a href="#failures">Failures</a>
      <xsl:if test="$results/r:pictures/r:picture"><a href="#pictures">Worst cases</a></xsl:if>
      <a href="#definitions">Metrics</a><a href="#provenance">Provenance</a>
    </nav>
  </xsl:template>

  <!-- ============================== ranking ============================== -->
  <xsl:template name="ranking">
    <section id="ranking">
      <h2>Ranking</h2>
      <p>
        <xsl:text>By </xsl:text><b><xsl:value-of select="$ranking/@metric"/></b>
        <xsl:text> (</xsl:text>
        <xsl:call-template name="direction"><xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/></xsl:call-template>
        <xsl:text>), </xsl:text>
        <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template>
        <xsl:text>. A difference is the leader's value minus the tool's, on the same resampled cases; a tool is apart when its interval does not hold zero.</xsl:text>
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
      <div class="scroll" tabindex="0">
        <table>
          <caption>Places of the tools. Equal values share the better place.</caption>
          <thead>
            <tr>
              <th scope="col" class="number">Place</th><th scope="col">Tool</th>
              <th scope="col" class="number"><xsl:value-of select="$ranking/@metric"/><small><xsl:value-of select="$percent"/> % interval</small></th>
              <th scope="col" class="number">Difference<small>to the leader, <xsl:value-of select="$percent"/> % interval</small></th>
              <th scope="col">Apart</th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$ranking/r:standing">
              <xsl:sort select="@place" data-type="number"/>
              <tr>
                <td class="number place"><xsl:value-of select="@place"/></td>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template>
                  <small><xsl:value-of select="key('tool', @tool)/@name"/>, version <xsl:value-of select="key('tool', @tool)/@version"/></small></th>
                <td class="number">
                  <xsl:choose>
                    <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
                    <xsl:when test="r:value">
                      <b><xsl:call-template name="figure"><xsl:with-param name="of" select="r:value"/></xsl:call-template></b>
                      <xsl:call-template name="interval"><xsl:with-param name="of" select="r:interval"/></xsl:call-template>
                    </xsl:when>
                    <xsl:otherwise><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:otherwise>
                  </xsl:choose>
                </td>
                <td class="number">
                  <xsl:for-each select="r:difference">
                    <xsl:call-template name="figure"><xsl:with-param name="of" select="@value"/></xsl:call-template>
                    <xsl:call-template name="interval"><xsl:with-param name="of" select="r:interval"/></xsl:call-template>
                  </xsl:for-each>
                  <xsl:if test="not(r:difference)">–</xsl:if>
                </td>
                <td>
                  <xsl:choose>
                    <xsl:when test="r:difference/@apart = 'true'">yes</xsl:when>
                    <xsl:when test="r:difference">not clearly</xsl:when>
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

  <!-- ============================== results ============================== -->
  <xsl:template name="results">
    <section id="results">
      <h2>Results</h2>
      <p>
        <xsl:choose>
          <xsl:when test="$classification">Value over all cases with its <xsl:value-of select="$percent"/> % interval in brackets; below it the number of cases.</xsl:when>
          <xsl:otherwise>Mean with its <xsl:value-of select="$percent"/> % interval in brackets; below it the median and the number of cases behind both.</xsl:otherwise>
        </xsl:choose>
        <xsl:text> The best of each column is bold.</xsl:text>
      </p>
      <xsl:call-template name="plot-legend"/>
      <xsl:for-each select="$per-target">
        <xsl:sort select="number(@target = $main-target)" data-type="number" order="descending"/>
        <xsl:variable name="target" select="@target"/>
        <h3><xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></h3>
        <xsl:call-template name="result-table"><xsl:with-param name="target" select="$target"/></xsl:call-template>
        <div class="plots">
          <xsl:for-each select="$results/r:metrics/r:metric">
            <xsl:call-template name="plot">
              <xsl:with-param name="cells" select="key('result', concat($target, '|', @id))/r:of-all"/>
              <xsl:with-param name="title" select="@id"/>
              <xsl:with-param name="metric" select="."/>
            </xsl:call-template>
          </xsl:for-each>
        </div>
      </xsl:for-each>
    </section>
  </xsl:template>

  <xsl:template name="result-table">
    <xsl:param name="target"/>
    <div class="scroll" tabindex="0">
      <table class="stacked">
        <caption>
          <xsl:text>All metrics, </xsl:text>
          <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>
        </caption>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <xsl:for-each select="$results/r:metrics/r:metric">
              <th scope="col" class="number"><xsl:call-template name="metric-head"><xsl:with-param name="metric" select="."/></xsl:call-template></th>
            </xsl:for-each>
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
                </xsl:call-template>
              </xsl:for-each>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </div>
  </xsl:template>

  <xsl:template name="cell">
    <xsl:param name="of"/>
    <td class="number">
      <xsl:if test="$of/../@place = 1 and not($of/@provider) and ($of/r:summary or $of/r:value)"><xsl:attribute name="class">number best</xsl:attribute></xsl:if>
      <xsl:choose>
        <xsl:when test="not($of)">–</xsl:when>
        <xsl:when test="$of/@hidden"><span class="none"><xsl:call-template name="hidden"/></span></xsl:when>
        <xsl:when test="$of/r:undefined"><span class="none"><xsl:call-template name="reason"><xsl:with-param name="of" select="$of/r:undefined/@reason"/></xsl:call-template></span></xsl:when>
        <xsl:otherwise>
          <span class="main"><xsl:call-template name="figure"><xsl:with-param name="of" select="$of/r:summary/@mean | $of/r:value"/></xsl:call-template></span>
          <xsl:call-template name="interval"><xsl:with-param name="of" select="$of/r:interval"/></xsl:call-template>
        </xsl:otherwise>
      </xsl:choose>
      <xsl:if test="not($of/@hidden)">
        <small>
          <xsl:if test="$of/r:summary">median <xsl:call-template name="figure"><xsl:with-param name="of" select="$of/r:summary/@median"/></xsl:call-template><xsl:text> · </xsl:text></xsl:if>
          <xsl:choose>
            <xsl:when test="$of/@n">n = <xsl:value-of select="$of/@n"/></xsl:when>
            <xsl:when test="$of/@cases"><xsl:value-of select="$of/@cases"/> cases</xsl:when>
          </xsl:choose>
        </small>
      </xsl:if>
    </td>
  </xsl:template>

  <!-- ============================== providers ============================== -->
  <xsl:template name="providers">
    <xsl:variable name="main" select="key('result', concat($main-target, '|', $ranking/@metric))"/>
    <section id="providers">
      <h2>By provider</h2>
      <xsl:if test="count($filled) = 1"><p>All cases come from <xsl:value-of select="$filled/@name"/>: its results are those above.</p></xsl:if>
      <xsl:if test="count($filled) &gt; 1">
        <p>
          <xsl:text>Does the order hold in every house? </xsl:text><b><xsl:value-of select="$ranking/@metric"/></b>, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$main-target"/></xsl:call-template>
          <xsl:text>, all plots on one axis.</xsl:text>
          <xsl:if test="$public"> Groups of fewer than <xsl:value-of select="$bench/r:privacy/@minimum-cell"/> cases, and those that would give them away, are not published.</xsl:if>
        </p>
        <xsl:variable name="shown" select="$filled[not(@hidden)]"/>
        <div class="plots">
          <xsl:for-each select="$shown">
            <xsl:call-template name="plot">
              <xsl:with-param name="cells" select="$main/r:of-provider[@provider = current()/@name]"/>
              <xsl:with-param name="range" select="$main/r:of-provider"/>
              <xsl:with-param name="title" select="concat(@name, ' (', @cases, substring(' cases', 1, 5 + (@cases != 1)), ')')"/>
              <xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/>
            </xsl:call-template>
          </xsl:for-each>
        </div>
        <xsl:for-each select="$per-target">
          <xsl:variable name="target" select="@target"/>
          <details>
            <xsl:if test="count($filled) * count($results/r:tools/r:tool) * count($per-target) &lt;= 40"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
            <summary>All metrics by provider: <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></summary>
            <xsl:call-template name="provider-table"><xsl:with-param name="target" select="$target"/></xsl:call-template>
          </details>
        </xsl:for-each>
      </xsl:if>
    </section>
  </xsl:template>

  <xsl:template name="provider-table">
    <xsl:param name="target"/>
    <div class="scroll" tabindex="0">
      <table class="stacked">
        <caption>
          <xsl:text>Results by provider, </xsl:text>
          <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>
        </caption>
        <thead>
          <tr>
            <th scope="col">Provider</th><th scope="col">Tool</th>
            <xsl:for-each select="$results/r:metrics/r:metric">
              <th scope="col" class="number"><xsl:call-template name="metric-head"><xsl:with-param name="metric" select="."/></xsl:call-template></th>
            </xsl:for-each>
          </tr>
        </thead>
        <xsl:for-each select="$filled">
          <xsl:variable name="provider" select="@name"/>
          <tbody>
            <xsl:for-each select="$results/r:tools/r:tool">
              <xsl:sort select="key('standing', @key)/@place" data-type="number"/>
              <xsl:variable name="tool" select="@key"/>
              <tr>
                <xsl:if test="position() = 1"><th scope="rowgroup" rowspan="{last()}"><xsl:value-of select="$provider"/></th></xsl:if>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
                <xsl:for-each select="$results/r:metrics/r:metric">
                  <xsl:call-template name="cell">
                    <xsl:with-param name="of" select="key('result', concat($target, '|', @id))[@tool = $tool]/r:of-provider[@provider = $provider]"/>
                  </xsl:call-template>
                </xsl:for-each>
              </tr>
            </xsl:for-each>
          </tbody>
        </xsl:for-each>
      </table>
    </div>
  </xsl:template>

  <!-- ============================== time and memory ============================== -->
  <xsl:template name="cost">
    <section id="cost">
      <h2>Time and memory</h2>
      <xsl:if test="$execution/r:costs/r:cost/r:wall-seconds and $ranking/r:standing/r:value"><xsl:call-template name="scatter"/></xsl:if>
      <div class="scroll" tabindex="0">
        <table>
          <caption>Per case, over the cases that ran to an end, on <xsl:value-of select="$execution/@machine"/></caption>
          <thead>
            <tr>
              <th scope="col">Tool</th>
              <th scope="col" class="number">Time<small>median</small></th><th scope="col" class="number">Time<small>9 of 10 below</small></th>
              <th scope="col" class="number">Time<small>longest</small></th><th scope="col" class="number">CPU time<small>median</small></th>
              <th scope="col" class="number">Peak memory<small>largest</small></th><th scope="col" class="number">Parameters</th>
              <th scope="col" class="number">Operations<small>median</small></th><th scope="col" class="number">Energy<small>mean</small></th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$execution/r:costs/r:cost">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <xsl:for-each select="r:wall-seconds/@median | r:wall-seconds/@p90 | r:wall-seconds/@maximum | r:cpu-seconds/@median">
                  <td class="number"><xsl:call-template name="seconds"><xsl:with-param name="of" select="."/></xsl:call-template></td>
                </xsl:for-each>
                <xsl:if test="not(r:wall-seconds)"><td class="number">–</td><td class="number">–</td><td class="number">–</td></xsl:if>
                <xsl:if test="not(r:cpu-seconds)"><td class="number">–</td></xsl:if>
                <td class="number"><xsl:choose>
                  <xsl:when test="r:peak-bytes"><xsl:call-template name="bytes"><xsl:with-param name="of" select="r:peak-bytes/@maximum"/></xsl:call-template></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number"><xsl:choose>
                  <xsl:when test="key('tool', @tool)/@parameters"><xsl:value-of select="format-number(key('tool', @tool)/@parameters, '#,##0')"/></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number"><xsl:choose>
                  <xsl:when test="r:operations"><xsl:call-template name="operations"><xsl:with-param name="of" select="r:operations/@median"/></xsl:call-template></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number"><xsl:choose>
                  <xsl:when test="r:energy"><xsl:call-template name="figure"><xsl:with-param name="of" select="r:energy/@mean"/></xsl:call-template> J</xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
      <xsl:for-each select="$execution/r:costs/r:cost/r:energy-absent[not(@reason = ../preceding-sibling::r:cost/r:energy-absent/@reason)]">
        <p class="legend">No energy figure: <xsl:value-of select="@reason"/>.</p>
      </xsl:for-each>
    </section>
  </xsl:template>

  <!-- ============================== failures ============================== -->
  <xsl:template name="failures">
    <section id="failures">
      <h2>Failures</h2>
      <div class="scroll" tabindex="0">
        <table>
          <caption>How the cases of each tool ended</caption>
          <thead>
            <tr>
              <th scope="col">Tool</th><th scope="col" class="number">Predicted</th><th scope="col">Not predicted</th>
              <th scope="col" class="number">No value of <xsl:value-of select="$ranking/@metric"/><small>undefined, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$main-target"/></xsl:call-template></small></th>
              <th scope="col" class="number">Put in by policy</th><th scope="col" class="number">Left out by policy</th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$results/r:outcomes/r:outcome">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <xsl:variable name="counts" select="key('result', concat($main-target, '|', $ranking/@metric))[@tool = current()/@tool]/r:of-all/r:counts"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <td class="number"><xsl:value-of select="sum(r:state[@name = 'ok' or @name = 'no-reference']/@cases)"/></td>
                <td>
                  <xsl:for-each select="r:state[@name != 'ok' and @name != 'no-reference']">
                    <xsl:if test="position() &gt; 1">, </xsl:if>
                    <xsl:value-of select="@cases"/><xsl:text> </xsl:text><xsl:call-template name="state"><xsl:with-param name="of" select="@name"/></xsl:call-template>
                    <xsl:if test="@depends-on-machine = 'true'"> (depends on the machine)</xsl:if>
                  </xsl:for-each>
                  <xsl:if test="not(r:state[@name != 'ok' and @name != 'no-reference'])">none</xsl:if>
                </td>
                <xsl:choose>
                  <xsl:when test="$counts">
                    <td class="number"><xsl:value-of select="$counts/@both-empty + $counts/@reference-empty + $counts/@prediction-empty + $counts/@undefined-otherwise"/></td>
                    <td class="number"><xsl:value-of select="$counts/@substituted"/></td>
                    <td class="number"><xsl:value-of select="$counts/@excluded"/></td>
                  </xsl:when>
                  <xsl:otherwise><td class="number">–</td><td class="number">–</td><td class="number">–</td></xsl:otherwise>
                </xsl:choose>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
      <p class="legend">
        Policies of the bench: one mask empty: <xsl:value-of select="$bench/r:policies/@one-empty"/>; both empty: <xsl:value-of select="$bench/r:policies/@both-empty"/>;
        no prediction: <xsl:value-of select="$bench/r:policies/@missing"/>.
      </p>
      <xsl:if test="$execution/r:failures/r:failure">
        <div class="scroll" tabindex="0">
          <table>
            <caption>
              <xsl:text>Cases without a prediction</xsl:text>
              <xsl:if test="count($execution/r:failures/r:failure) &gt; $most-failures">: the first <xsl:value-of select="$most-failures"/> of <xsl:value-of select="count($execution/r:failures/r:failure)"/>; all are in report.xml</xsl:if>
            </caption>
            <thead><tr><th scope="col">Tool</th><th scope="col">Case</th><th scope="col">What happened</th><th scope="col">The engine's words</th></tr></thead>
            <tbody>
              <xsl:for-each select="$execution/r:failures/r:failure[position() &lt;= $most-failures]">
                <tr>
                  <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                  <td><xsl:value-of select="@case"/></td><td><xsl:call-template name="state"><xsl:with-param name="of" select="@state"/></xsl:call-template></td><td><xsl:value-of select="."/></td>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </div>
      </xsl:if>
    </section>
  </xsl:template>

  <!-- ============================== pictures ============================== -->
  <xsl:template name="pictures">
    <section id="pictures">
      <h2>Worst case of every tool</h2>
      <xsl:if test="not($classification)">
        <p class="legend">
          Left the image, right the same slice with <span class="line reference"></span> the reference and
          <span class="line prediction"></span> the prediction. The slice is the one where they cover most, of those that show both if there is one.
        </p>
      </xsl:if>
      <div class="pictures">
        <xsl:for-each select="$results/r:pictures/r:picture">
          <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
          <figure>
            <img src="{cm:picture(@file, @sha256)}">
              <xsl:attribute name="alt">
                <xsl:text>Case </xsl:text><xsl:value-of select="@case"/>
                <xsl:if test="@target">, <xsl:value-of select="@target"/>: the image, and the image with the outlines of the reference and of the prediction of </xsl:if>
                <xsl:if test="not(@target)">, worst for </xsl:if>
                <xsl:value-of select="@tool"/>
              </xsl:attribute>
            </img>
            <figcaption>
              <b><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></b>
              <span>
                <xsl:text>case </xsl:text><xsl:value-of select="@case"/>
                <xsl:if test="@target and not(r:scores)">, <xsl:value-of select="@target"/></xsl:if>
                <xsl:for-each select="r:value">: <xsl:value-of select="@metric"/><xsl:text> </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="."/></xsl:call-template></xsl:for-each>
                <xsl:for-each select="r:undefined">: <xsl:value-of select="@metric"/> not defined, <xsl:call-template name="reason"><xsl:with-param name="of" select="@reason"/></xsl:call-template></xsl:for-each>
                <xsl:for-each select="r:scores">
                  <xsl:if test="../@class">, reference <xsl:value-of select="$cohort/r:label[@value = current()/../@class]/@name"/></xsl:if>
                  <xsl:text>, called </xsl:text><xsl:value-of select="$cohort/r:label[@value = current()/@decided]/@name"/>
                  <xsl:text> with score </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="r:score[@class = current()/@decided]"/></xsl:call-template>
                </xsl:for-each>
              </span>
            </figcaption>
          </figure>
        </xsl:for-each>
      </div>
    </section>
  </xsl:template>

  <!-- ============================== definitions and provenance ============================== -->
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
