<?xml version="1.0" encoding="UTF-8"?>
<!-- What failed, and pictures of cases. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:template name="failures">
    <section id="failures">
      <h2>Failures</h2>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>How the cases of each tool ended</span></caption>
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
                <td class="number" data-sort="{sum(r:state[@name = 'ok' or @name = 'no-reference']/@cases)}"><xsl:choose>
                  <xsl:when test="$cohort/@hidden">–</xsl:when>
                  <xsl:otherwise><xsl:value-of select="sum(r:state[@name = 'ok' or @name = 'no-reference']/@cases)"/></xsl:otherwise>
                </xsl:choose></td>
                <td>
                  <xsl:if test="$cohort/@hidden">not published</xsl:if>
                  <xsl:for-each select="r:state[@name != 'ok' and @name != 'no-reference']">
                    <xsl:if test="position() &gt; 1">, </xsl:if>
                    <xsl:value-of select="@cases"/><xsl:text> </xsl:text><xsl:call-template name="state"><xsl:with-param name="of" select="@name"/></xsl:call-template>
                    <xsl:if test="@depends-on-machine = 'true'"> (depends on the machine)</xsl:if>
                  </xsl:for-each>
                  <xsl:if test="not($cohort/@hidden) and not(r:state[@name != 'ok' and @name != 'no-reference'])">none</xsl:if>
                </td>
                <xsl:choose>
                  <xsl:when test="$counts">
                    <td class="number" data-sort="{$counts/@both-empty + $counts/@reference-empty + $counts/@prediction-empty + $counts/@undefined-otherwise}"><xsl:value-of select="$counts/@both-empty + $counts/@reference-empty + $counts/@prediction-empty + $counts/@undefined-otherwise"/></td>
                    <td class="number" data-sort="{$counts/@substituted}"><xsl:value-of select="$counts/@substituted"/></td>
                    <td class="number" data-sort="{$counts/@excluded}"><xsl:value-of select="$counts/@excluded"/></td>
                  </xsl:when>
                  <xsl:otherwise><td class="number">–</td><td class="number">–</td><td class="number">–</td></xsl:otherwise>
                </xsl:choose>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
      <p class="legend">
        <xsl:text>By the bench’s policies a case without a value of its own counts: without a prediction </xsl:text>
        <xsl:call-template name="policy"><xsl:with-param name="of" select="$bench/r:policies/@missing"/></xsl:call-template>
        <xsl:if test="not($classification)">
          <xsl:text>; with one of the two masks empty </xsl:text><xsl:call-template name="policy"><xsl:with-param name="of" select="$bench/r:policies/@one-empty"/></xsl:call-template>
          <xsl:text>; with both empty </xsl:text><xsl:call-template name="policy"><xsl:with-param name="of" select="$bench/r:policies/@both-empty"/></xsl:call-template>
        </xsl:if>
        <xsl:text>.</xsl:text>
      </p>
      <xsl:if test="$execution/r:failures/r:failure">
        <div class="scroll" tabindex="0" role="group" aria-label="Table">
          <table class="sortable">
            <caption><span>
              <xsl:text>Cases without a prediction</xsl:text>
              <xsl:if test="count($execution/r:failures/r:failure) &gt; $most-failures">: the first <xsl:value-of select="$most-failures"/> of <xsl:choose>
                <xsl:when test="$execution/r:failures/@of"><xsl:value-of select="$execution/r:failures/@of"/></xsl:when>
                <xsl:otherwise><xsl:value-of select="count($execution/r:failures/r:failure)"/></xsl:otherwise>
              </xsl:choose>; all are in report.xml</xsl:if>
            </span></caption>
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

  <xsl:template name="pictures">
    <section id="pictures">
      <h2>Worst, median and best cases</h2>
      <p class="legend">
        <xsl:choose>
          <xsl:when test="$classification">The cases whose true class got the lowest, the middle and the highest score of each tool.</xsl:when>
          <xsl:otherwise>
            Left the image, right the same slice with <span class="line reference"></span> the reference and
            <span class="line prediction"></span> the prediction. The slice is the one where they cover most, of those that show both if there is one.
          </xsl:otherwise>
        </xsl:choose>
      </p>
      <xsl:call-template name="pictures-of"><xsl:with-param name="kind">worst</xsl:with-param></xsl:call-template>
      <xsl:call-template name="pictures-of"><xsl:with-param name="kind">median</xsl:with-param></xsl:call-template>
      <xsl:call-template name="pictures-of"><xsl:with-param name="kind">best</xsl:with-param></xsl:call-template>
    </section>
  </xsl:template>

  <xsl:template name="pictures-of">
    <xsl:param name="kind"/>
    <xsl:variable name="pictures" select="$results/r:pictures/r:picture[@kind = $kind]"/>
    <xsl:if test="$pictures">
      <details>
        <xsl:if test="$kind = 'worst' or count($pictures) &lt;= 4"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
        <summary>The <xsl:value-of select="$kind"/> case of every tool</summary>
        <div>
          <xsl:attribute name="class">pictures<xsl:if test="$classification"> small</xsl:if></xsl:attribute>
          <xsl:for-each select="$pictures">
            <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
            <xsl:call-template name="picture"/>
          </xsl:for-each>
        </div>
      </details>
    </xsl:if>
  </xsl:template>

  <!-- context: a picture -->
  <xsl:template name="picture">
    <xsl:variable name="data" select="cm:picture(@file, @sha256)"/>
    <figure>
      <xsl:if test="$data != ''">
        <img src="{$data}">
          <xsl:attribute name="alt">
            <xsl:text>Case </xsl:text><xsl:value-of select="@case"/>
            <xsl:if test="@target">, <xsl:value-of select="@target"/>: the image, and the image with the outlines of the reference and of the prediction of </xsl:if>
            <xsl:if test="not(@target)">, <xsl:value-of select="@kind"/> of </xsl:if>
            <xsl:value-of select="@tool"/>
          </xsl:attribute>
        </img>
      </xsl:if>
      <figcaption>
        <b><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></b>
        <span>
          <xsl:value-of select="@case"/>
          <xsl:if test="@target and not(r:scores)">, <xsl:value-of select="@target"/></xsl:if>
          <xsl:for-each select="r:value">: <xsl:value-of select="@metric"/><xsl:text> </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="."/><xsl:with-param name="unit" select="key('metric', @metric)/@unit"/></xsl:call-template></xsl:for-each>
          <xsl:for-each select="r:undefined">: <xsl:value-of select="@metric"/> not defined, <xsl:call-template name="reason"><xsl:with-param name="of" select="@reason"/></xsl:call-template></xsl:for-each>
          <xsl:for-each select="r:scores">
            <xsl:if test="../@class">, reference <xsl:value-of select="$cohort/r:label[@value = current()/../@class]/@name"/></xsl:if>
            <xsl:text>, called </xsl:text><xsl:value-of select="$cohort/r:label[@value = current()/@decided]/@name"/>
            <xsl:text> with score </xsl:text><xsl:call-template name="figure"><xsl:with-param name="of" select="r:score[@class = current()/@decided]"/></xsl:call-template>
          </xsl:for-each>
          <xsl:if test="$data = ''">; the page would get too heavy with this picture, which is in the run folder: <code><xsl:value-of select="@file"/></code></xsl:if>
        </span>
      </figcaption>
    </figure>
  </xsl:template>

  <!-- best, median and worst case of every tool in numbers -->
  <xsl:template name="examples">
    <section id="examples">
      <h2>Cases to look at</h2>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>The best, the median and the worst case of every tool, of those with a value of their own<xsl:if test="$classification">, by the score of the true class</xsl:if></span></caption>
          <thead><tr>
            <th scope="col">Tool</th><th scope="col">Target</th>
            <th scope="col">Worst case</th><th scope="col" class="number">Value</th><th scope="col">Median case</th><th scope="col" class="number">Value</th><th scope="col">Best case</th><th scope="col" class="number">Value</th>
          </tr></thead>
          <tbody>
            <xsl:for-each select="$results/r:examples/r:example[@kind = 'worst']">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <xsl:variable name="same" select="../r:example[@tool = current()/@tool and @target = current()/@target]"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <td><xsl:call-template name="target-name"><xsl:with-param name="of" select="@target"/></xsl:call-template></td>
                <xsl:for-each select=". | $same[@kind != 'worst']">
                  <xsl:sort select="string-length(substring-before('worst median best', @kind))" data-type="number"/>
                  <td><xsl:value-of select="@case"/></td><xsl:call-template name="plain"><xsl:with-param name="of" select="@value"/><xsl:with-param name="unit" select="key('metric', @metric)/@unit"/></xsl:call-template>
                </xsl:for-each>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </section>
  </xsl:template>
</xsl:stylesheet>
