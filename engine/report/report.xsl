<?xml version="1.0" encoding="UTF-8"?>
<!-- report.xml to one HTML page that needs nothing else: no script, no network, no font, pictures inline. Plots are SVG
     whose x coordinates are percentages, so that they fit any width while their text keeps its size.

     Functions of the engine: cm:picture(file, sha256) gives a data URI, cm:step(range, n) a round tick distance that
     cuts range into about n parts, cm:log10(x), cm:power10(x) a power of ten as text. Nothing is computed here that is not in report.xml, but positions. -->
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
    <xsl:value-of select="$key"/>
  </xsl:template>

  <!-- ============================== dot-and-interval plot ============================== -->
  <!-- cells: of-all, of-provider or standing elements, one row each, ordered by the place in the ranking.
       range: the cells that set the axis, so that several plots can share one. -->
  <xsl:template name="plot">
    <xsl:param name="cells"/>
    <xsl:param name="range" select="$cells"/>
    <xsl:param name="title"/>
    <xsl:param name="metric"/>
    <xsl:param name="class">plot</xsl:param>
    <xsl:variable name="points" select="$range/r:interval/@low | $range/r:interval/@high | $range/r:summary/@mean
      | $range/r:summary/@q1 | $range/r:summary/@q3 | $range/r:value"/>
    <xsl:variable name="least"><xsl:call-template name="least"><xsl:with-param name="of" select="$points"/></xsl:call-template></xsl:variable>
    <xsl:variable name="greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$points"/></xsl:call-template></xsl:variable>
    <xsl:variable name="step" select="cm:step($greatest - $least, 5)"/>
    <xsl:variable name="low" select="floor($least div $step + 0.000001) * $step"/>
    <xsl:variable name="high-rounded" select="ceiling($greatest div $step - 0.000001) * $step"/>
    <xsl:variable name="high" select="$high-rounded + $step * ($high-rounded - $low &lt; 0.5 * $step)"/>
    <xsl:variable name="rows" select="count($cells)"/>
    <xsl:variable name="bottom" select="$rows * 38 + 6"/>
    <figure class="{$class}">
      <figcaption>
        <b><xsl:value-of select="$title"/></b>
        <small>
          <xsl:if test="$metric/@unit != '1' and $metric/@unit != ''"><xsl:value-of select="$metric/@unit"/>, </xsl:if>
          <xsl:call-template name="direction"><xsl:with-param name="metric" select="$metric"/></xsl:call-template>
        </small>
      </figcaption>
      <svg width="100%" height="{$bottom + 24}" role="img" aria-label="{$title}: one dot with interval per tool; the numbers are in the tables">
        <xsl:if test="$points">
          <xsl:call-template name="ticks">
            <xsl:with-param name="value" select="$low"/>
            <xsl:with-param name="low" select="$low"/>
            <xsl:with-param name="high" select="$high"/>
            <xsl:with-param name="step" select="$step"/>
            <xsl:with-param name="bottom" select="$bottom"/>
            <xsl:with-param name="zero" select="$metric/@direction = 'closer-to-zero'"/>
          </xsl:call-template>
        </xsl:if>
        <xsl:for-each select="$cells">
          <xsl:sort select="key('standing', @tool | ../@tool)/@place" data-type="number"/>
          <xsl:sort select="key('tool', @tool | ../@tool)/@order" data-type="number"/>
          <xsl:call-template name="plot-row">
            <xsl:with-param name="y" select="(position() - 1) * 38"/>
            <xsl:with-param name="low" select="$low"/>
            <xsl:with-param name="high" select="$high"/>
          </xsl:call-template>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <xsl:template name="ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/><xsl:param name="bottom"/><xsl:param name="zero"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="x" select="2 + 96 * ($value - $low) div ($high - $low)"/>
      <xsl:variable name="anchor">
        <xsl:choose>
          <xsl:when test="$x &lt; 5">start</xsl:when>
          <xsl:when test="$x &gt; 95">end</xsl:when>
          <xsl:otherwise>middle</xsl:otherwise>
        </xsl:choose>
      </xsl:variable>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="0" y2="{$bottom}">
        <xsl:if test="$zero and $value &lt; 0.001 * $step and $value &gt; -0.001 * $step"><xsl:attribute name="class">grid zero</xsl:attribute></xsl:if>
      </line>
      <text class="tick" x="{$x}%" y="{$bottom + 16}" text-anchor="{$anchor}">
        <xsl:choose>
          <xsl:when test="$step &gt;= 1"><xsl:value-of select="format-number($value, '#,##0')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.1"><xsl:value-of select="format-number($value, '0.0')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.01"><xsl:value-of select="format-number($value, '0.00')"/></xsl:when>
          <xsl:when test="$step &gt;= 0.001"><xsl:value-of select="format-number($value, '0.000')"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="format-number($value, '0.000000')"/></xsl:otherwise>
        </xsl:choose>
      </text>
      <xsl:call-template name="ticks">
        <xsl:with-param name="value" select="$value + $step"/>
        <xsl:with-param name="low" select="$low"/>
        <xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/>
        <xsl:with-param name="bottom" select="$bottom"/>
        <xsl:with-param name="zero" select="$zero"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- a name short enough for a plot -->
  <xsl:template name="short">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="string-length($of) &gt; 28"><xsl:value-of select="substring($of, 1, 27)"/>…</xsl:when>
      <xsl:otherwise><xsl:value-of select="$of"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- context: a cell or a standing -->
  <xsl:template name="plot-row">
    <xsl:param name="y"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:variable name="tool" select="@tool | ../@tool"/>
    <xsl:variable name="value" select="r:summary/@mean | r:value"/>
    <xsl:variable name="scale" select="96 div ($high - $low)"/>
    <xsl:variable name="colour" select="concat('c', (key('tool', $tool)/@order - 1) mod 8)"/>
    <text class="label" x="0" y="{$y + 13}"><xsl:call-template name="short"><xsl:with-param name="of" select="$tool"/></xsl:call-template></text>
    <text class="value" x="100%" y="{$y + 13}" text-anchor="end">
      <xsl:choose>
        <xsl:when test="@hidden"><xsl:call-template name="hidden"/></xsl:when>
        <xsl:when test="r:undefined"><xsl:call-template name="reason"><xsl:with-param name="of" select="r:undefined/@reason"/></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="figure"><xsl:with-param name="of" select="$value"/></xsl:call-template></xsl:otherwise>
      </xsl:choose>
    </text>
    <xsl:if test="r:summary">
      <rect class="spread {$colour}" x="{2 + $scale * (r:summary/@q1 - $low)}%" y="{$y + 20}" height="12"
            width="{$scale * (r:summary/@q3 - r:summary/@q1)}%" rx="2"/>
    </xsl:if>
    <xsl:if test="r:interval">
      <line class="reach {$colour}" x1="{2 + $scale * (r:interval/@low - $low)}%" x2="{2 + $scale * (r:interval/@high - $low)}%"
            y1="{$y + 26}" y2="{$y + 26}"/>
    </xsl:if>
    <xsl:if test="$value">
      <circle class="dot {$colour}" cx="{2 + $scale * ($value - $low)}%" cy="{$y + 26}" r="5"/>
    </xsl:if>
  </xsl:template>

  <xsl:template name="plot-legend">
    <p class="legend">
      <xsl:text>Dot: </xsl:text>
      <xsl:choose>
        <xsl:when test="$classification">value over all cases</xsl:when>
        <xsl:otherwise>mean over the cases</xsl:otherwise>
      </xsl:choose>
      <xsl:text>. Line: its </xsl:text><xsl:value-of select="$percent"/><xsl:text> % interval (how sure the </xsl:text>
      <xsl:choose>
        <xsl:when test="$classification">value</xsl:when>
        <xsl:otherwise>mean</xsl:otherwise>
      </xsl:choose>
      <xsl:text> is).</xsl:text>
      <xsl:if test="not($classification)"> Pale bar: the middle half of the cases (how much they differ).</xsl:if>
    </p>
  </xsl:template>

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
        <style><xsl:call-template name="style"/></style>
      </head>
      <body>
        <main>
          <xsl:call-template name="top"/>
          <xsl:call-template name="contents"/>
          <xsl:call-template name="ranking"/>
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
    <section class="verdict {$results/r:verdict/@outcome}" aria-label="Verdict">
      <p class="badge"><xsl:call-template name="badge"/></p>
      <p class="say"><xsl:value-of select="$results/r:verdict/r:text"/></p>
    </section>
    <xsl:if test="$results/r:warnings/r:warning">
      <section class="warnings" aria-label="Warnings">
        <h2>Before you rely on it</h2>
        <ul>
          <xsl:for-each select="$results/r:warnings/r:warning"><li><xsl:value-of select="."/></li></xsl:for-each>
        </ul>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="contents">
    <nav aria-label="Contents">
      <a href="#ranking">Ranking</a><a href="#results">Results</a><a href="#providers">Providers</a><a href="#cost">Time and memory</a>
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
        <xsl:text>. A difference is the leader's value minus the tool's, on the same resampled cases; a tool is apart when its interval does not hold zero. No correction is made for comparing many tools.</xsl:text>
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
      <table>
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
    </section>
  </xsl:template>

  <xsl:template name="provider-table">
    <xsl:param name="target"/>
    <div class="scroll" tabindex="0">
      <table>
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
              <th scope="col" class="number">Seconds<small>median</small></th><th scope="col" class="number">Seconds<small>9 of 10 below</small></th>
              <th scope="col" class="number">Seconds<small>longest</small></th><th scope="col" class="number">CPU seconds<small>median</small></th>
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
                  <td class="number"><xsl:call-template name="figure"><xsl:with-param name="of" select="."/></xsl:call-template></td>
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

  <!-- quality against seconds; the x axis is logarithmic, because tools differ by factors -->
  <xsl:template name="scatter">
    <xsl:variable name="times" select="$execution/r:costs/r:cost[key('standing', @tool)/r:value]/r:wall-seconds/@median"/>
    <xsl:variable name="values" select="$ranking/r:standing[key('cost', @tool)/r:wall-seconds]/r:value"/>
    <xsl:variable name="t-least"><xsl:call-template name="least"><xsl:with-param name="of" select="$times"/></xsl:call-template></xsl:variable>
    <xsl:variable name="t-greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$times"/></xsl:call-template></xsl:variable>
    <xsl:variable name="v-least"><xsl:call-template name="least"><xsl:with-param name="of" select="$values"/></xsl:call-template></xsl:variable>
    <xsl:variable name="v-greatest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$values"/></xsl:call-template></xsl:variable>
    <xsl:variable name="t-low" select="cm:log10($t-least) - 0.15"/>
    <xsl:variable name="t-high" select="cm:log10($t-greatest) + 0.15"/>
    <xsl:variable name="step" select="cm:step($v-greatest - $v-least, 5)"/>
    <xsl:variable name="v-low" select="(floor($v-least div $step + 0.000001) - 0.5) * $step"/>
    <xsl:variable name="v-high" select="(ceiling($v-greatest div $step - 0.000001) + 0.5) * $step"/>
    <figure class="plot wide">
      <figcaption>
        <b>Quality against seconds per case</b>
        <small>
          <xsl:value-of select="$ranking/@metric"/>, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template>
          (<xsl:call-template name="direction"><xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/></xsl:call-template>)
          against the median seconds of a case (further left is faster; logarithmic)
        </small>
      </figcaption>
      <svg width="100%" height="330" role="img" aria-label="Scatter plot of quality against seconds per case; the numbers are in the tables">
        <xsl:call-template name="value-ticks">
          <xsl:with-param name="value" select="$v-low + 0.5 * $step"/>
          <xsl:with-param name="low" select="$v-low"/>
          <xsl:with-param name="high" select="$v-high"/>
          <xsl:with-param name="step" select="$step"/>
        </xsl:call-template>
        <xsl:call-template name="time-ticks">
          <xsl:with-param name="power" select="floor($t-low)"/>
          <xsl:with-param name="low" select="$t-low"/>
          <xsl:with-param name="high" select="$t-high"/>
        </xsl:call-template>
        <text class="tick" x="99%" y="324" text-anchor="end">seconds per case</text>
        <xsl:for-each select="$ranking/r:standing[r:value and key('cost', @tool)/r:wall-seconds]">
          <xsl:variable name="x" select="12 + 86 * (cm:log10(key('cost', @tool)/r:wall-seconds/@median) - $t-low) div ($t-high - $t-low)"/>
          <xsl:variable name="y" select="290 - 280 * (r:value - $v-low) div ($v-high - $v-low)"/>
          <xsl:variable name="colour" select="concat('c', (key('tool', @tool)/@order - 1) mod 8)"/>
          <circle class="dot {$colour}" cx="{$x}%" cy="{$y}" r="6">
            <title><xsl:value-of select="@tool"/></title>
          </circle>
          <text class="label" x="{$x}%" y="{$y + 4}">
            <xsl:choose>
              <xsl:when test="$x &gt; 65"><xsl:attribute name="dx">-11</xsl:attribute><xsl:attribute name="text-anchor">end</xsl:attribute></xsl:when>
              <xsl:otherwise><xsl:attribute name="dx">11</xsl:attribute></xsl:otherwise>
            </xsl:choose>
            <xsl:call-template name="short"><xsl:with-param name="of" select="@tool"/></xsl:call-template>
          </text>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <xsl:template name="value-ticks">
    <xsl:param name="value"/><xsl:param name="low"/><xsl:param name="high"/><xsl:param name="step"/>
    <xsl:if test="$value &lt;= $high + 0.001 * $step">
      <xsl:variable name="y" select="290 - 280 * ($value - $low) div ($high - $low)"/>
      <line class="grid" x1="12%" x2="98%" y1="{$y}" y2="{$y}"/>
      <text class="tick" x="11%" y="{$y + 4}" text-anchor="end">
        <xsl:call-template name="figure"><xsl:with-param name="of" select="$value"/></xsl:call-template>
      </text>
      <xsl:call-template name="value-ticks">
        <xsl:with-param name="value" select="$value + $step"/>
        <xsl:with-param name="low" select="$low"/>
        <xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <!-- 1, 2 and 5 of every power of ten -->
  <xsl:template name="time-ticks">
    <xsl:param name="power"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:if test="$power &lt;= $high">
      <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
      <xsl:if test="$high - $low &lt; 3">
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(2)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
        <xsl:call-template name="time-tick"><xsl:with-param name="at" select="$power + cm:log10(5)"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/></xsl:call-template>
      </xsl:if>
      <xsl:call-template name="time-ticks">
        <xsl:with-param name="power" select="$power + 1"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
      </xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="time-tick">
    <xsl:param name="at"/><xsl:param name="low"/><xsl:param name="high"/>
    <xsl:if test="$at &gt;= $low and $at &lt;= $high">
      <xsl:variable name="x" select="12 + 86 * ($at - $low) div ($high - $low)"/>
      <line class="grid" x1="{$x}%" x2="{$x}%" y1="10" y2="290"/>
      <text class="tick" x="{$x}%" y="306" text-anchor="middle">
        <xsl:value-of select="cm:power10($at)"/>
      </text>
    </xsl:if>
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
          <span class="line prediction"></span> the prediction. The slice is the one where they cover most.
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
                <xsl:if test="@target">, <xsl:value-of select="@target"/></xsl:if>
                <xsl:for-each select="r:value">: <xsl:value-of select="@metric"/><xsl:text> </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="."/></xsl:call-template></xsl:for-each>
                <xsl:for-each select="r:undefined">: <xsl:value-of select="@metric"/> not defined, <xsl:call-template name="reason"><xsl:with-param name="of" select="@reason"/></xsl:call-template></xsl:for-each>
                <xsl:for-each select="r:scores">
                  <xsl:text>: called </xsl:text><xsl:value-of select="$bench/r:target[current()/@decided + 1]/@name"/>
                  <xsl:text> (score </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="r:score[@class = current()/@decided]"/></xsl:call-template><xsl:text>)</xsl:text>
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

  <!-- ============================== style ============================== -->
  <xsl:template name="style">
:root { --ink: #1a1f27; --soft: #5a6472; --line: #dfe3e8; --paper: #ffffff; --card: #f6f7f9; --accent: #0b5cad; --good: #14713d; --warn: #8a5a00;
  --warn-card: #fff7e6; --c0: #0072b2; --c1: #d55e00; --c2: #007d5b; --c3: #b3478a; --c4: #946200; --c5: #2f8fc9; --c6: #6a5acd; --c7: #555555; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --soft: #a3adba; --line: #333b46; --paper: #12161c; --card: #1b2129; --accent: #7cb8f2; --good: #6fcf97;
  --warn: #f0c063; --warn-card: #2a2415; --c0: #56b4e9; --c1: #f08a4b; --c2: #3fc99b; --c3: #dd8fc0; --c4: #e6b422; --c5: #8fd0f5; --c6: #a99cf5; --c7: #b8b8b8; } }
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; color: var(--ink); background: var(--paper); }
body { margin: 0; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.5rem, 4vw, 2.2rem); line-height: 1.2; margin: .2rem 0 .6rem; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
h3 small { font-weight: 400; color: var(--soft); }
section { margin-top: 3rem; }
section p { max-width: 46rem; }
.over { margin: 0; font-size: .85rem; color: var(--soft); }
.audience { border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .6rem; margin-left: .3rem; white-space: normal; display: inline-block; }
.cohort { margin: 0; color: var(--soft); }
.cohort b { color: var(--ink); }
.verdict { margin-top: 1.4rem; padding: 1.1rem 1.3rem; background: var(--card); border-left: 5px solid var(--accent); border-radius: 4px; }
.verdict.clear { border-color: var(--good); }
.verdict.not-clear, .verdict.too-few-cases, .verdict.incomplete, .verdict.no-value { border-color: var(--warn); }
.verdict .badge { margin: 0 0 .3rem; font-weight: 700; font-size: .9rem; color: var(--accent); }
.verdict.clear .badge { color: var(--good); }
.verdict.not-clear .badge, .verdict.too-few-cases .badge, .verdict.incomplete .badge, .verdict.no-value .badge { color: var(--warn); }
.verdict .say { margin: 0; font-size: 1.15rem; max-width: 56rem; }
.warnings { margin-top: 1rem; padding: .8rem 1.3rem; background: var(--warn-card); border-left: 5px solid var(--warn); border-radius: 4px; }
.warnings h2 { font-size: .9rem; color: var(--warn); margin: 0; }
.warnings ul { margin: .3rem 0 0; padding-left: 1.1rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1.4rem 0 0; padding: .6rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); font-size: .95rem; }
a { color: var(--accent); }
.legend { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; margin: .6rem 0 1.2rem; border: 1px solid var(--line); border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; overflow-wrap: normal; }
caption { text-align: left; padding: .5rem .8rem; color: var(--soft); font-size: .85rem; }
th, td { padding: .45rem .8rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { vertical-align: bottom; background: var(--card); white-space: nowrap; }
th small, td small { display: block; font-weight: 400; font-size: .8rem; color: var(--soft); white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
tbody + tbody { border-top: 2px solid var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.place { font-weight: 700; }
.interval { color: var(--soft); margin-left: .35rem; }
.best .main { font-weight: 700; }
.none { color: var(--soft); font-style: italic; }
.swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .45rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1rem; margin: .8rem 0; }
.plot { margin: 0; padding: .8rem .9rem .4rem; border: 1px solid var(--line); border-radius: 4px; break-inside: avoid; min-width: 0; }
.plot.wide { max-width: 46rem; margin-bottom: 1.2rem; }
.plot figcaption { margin-bottom: .5rem; font-size: .92rem; }
.plot small { display: block; color: var(--soft); font-size: .8rem; }
svg { display: block; overflow: hidden; }
svg text { fill: var(--ink); font-size: 12.5px; }
svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .value { font-variant-numeric: tabular-nums; font-weight: 600; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--soft); }
svg .reach { stroke: var(--tool); stroke-width: 3; stroke-linecap: round; }
svg .dot { fill: var(--tool); stroke: var(--paper); stroke-width: 1.5; }
svg .spread { fill: var(--tool); opacity: .18; }
svg .label { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.swatch { background: var(--tool); }
.c0 { --tool: var(--c0); } .c1 { --tool: var(--c1); } .c2 { --tool: var(--c2); } .c3 { --tool: var(--c3); }
.c4 { --tool: var(--c4); } .c5 { --tool: var(--c5); } .c6 { --tool: var(--c6); } .c7 { --tool: var(--c7); }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--accent); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1.2rem; }
.pictures figure { margin: 0; break-inside: avoid; }
.pictures img { display: block; max-width: 100%; height: auto; border-radius: 4px; }
.pictures figcaption { padding-top: .4rem; font-size: .92rem; } .pictures figcaption span { color: var(--soft); margin-left: .5rem; }
.pictures figcaption .swatch { margin-left: 0; }
.line { display: inline-block; width: 1.8rem; height: 0; vertical-align: middle; border-top: 3px solid #e69f00; } .line.prediction { border-top: 3px dashed #56b4e9; }
dl { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .25rem 1rem; margin: .4rem 0 0; font-size: .95rem; } dt { color: var(--soft); } dd { margin: 0; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .8rem; overflow-wrap: anywhere; }
@media (max-width: 34rem) { dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .5rem; } th, td { padding: .4rem .55rem; } .verdict, .warnings { padding: .9rem 1rem; } }
@media print { :root { --paper: #fff; --card: #f6f7f9; --ink: #000; } nav { display: none; } main { max-width: none; padding: 0; } section { margin-top: 1.5rem; }
  .scroll { overflow: visible; } table { font-size: .75rem; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } }
</xsl:template>
</xsl:stylesheet>
