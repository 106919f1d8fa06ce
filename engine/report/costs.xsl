<?xml version="1.0" encoding="UTF-8"?>
<!-- What the answers cost: time, memory, energy. A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- the largest peak is a single case's: a public report has the 90th percentile, if that -->
  <xsl:variable name="peak"><xsl:choose><xsl:when test="$public">p90</xsl:when><xsl:otherwise>maximum</xsl:otherwise></xsl:choose></xsl:variable>
  <xsl:variable name="peak-words"><xsl:choose><xsl:when test="$public">9 of 10 peaks below</xsl:when><xsl:otherwise>the largest peak</xsl:otherwise></xsl:choose></xsl:variable>

  <xsl:template name="cost">
    <section id="cost">
      <h2>Time and memory</h2>
      <xsl:choose>
        <xsl:when test="$execution/r:costs/r:cost/r:wall-seconds"><xsl:call-template name="costs"/></xsl:when>
        <xsl:otherwise><p>No cost is known: the masks were made elsewhere, or no case ran to its end.</p></xsl:otherwise>
      </xsl:choose>
    </section>
  </xsl:template>

  <xsl:template name="costs">
      <p>Is better worth its price? Higher up or lower down is better as the metric says; further left is cheaper. The axes of cost are logarithmic, because tools differ by factors.</p>
      <div class="plots two">
        <xsl:call-template name="cost-plane">
          <xsl:with-param name="costs" select="$execution/r:costs/r:cost/r:wall-seconds/@median"/><xsl:with-param name="what">seconds per case, median</xsl:with-param><xsl:with-param name="title">Quality against time</xsl:with-param>
        </xsl:call-template>
        <xsl:call-template name="cost-plane">
          <xsl:with-param name="costs" select="$execution/r:costs/r:cost/r:peak-bytes/@*[name() = $peak]"/><xsl:with-param name="what">MiB, <xsl:value-of select="$peak-words"/></xsl:with-param><xsl:with-param name="title">Quality against memory</xsl:with-param>
          <xsl:with-param name="unit" select="1048576"/>
        </xsl:call-template>
        <xsl:call-template name="cost-plane">
          <xsl:with-param name="costs" select="$execution/r:costs/r:cost/r:energy/@mean"/><xsl:with-param name="what">joules per case, mean</xsl:with-param><xsl:with-param name="title">Quality against energy</xsl:with-param>
        </xsl:call-template>
      </div>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Per case, over the cases that ran to an end, on <xsl:value-of select="$execution/@machine"/></span></caption>
          <thead>
            <tr>
              <th scope="col">Tool</th>
              <th scope="col" class="number"><xsl:if test="key('metric', $ranking/@metric)/@direction = 'higher'"><xsl:attribute name="data-first">descending</xsl:attribute></xsl:if><xsl:value-of select="$ranking/@metric"/><small><xsl:if test="starts-with(key('metric', $ranking/@metric)/@direction, 'closer')">distance, </xsl:if><xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template></small></th>
              <th scope="col" class="number">Time<small>mean</small></th><th scope="col" class="number">Time<small>median</small></th>
              <th scope="col" class="number">Time<small>9 of 10 below</small></th>
              <xsl:if test="not($public)"><th scope="col" class="number">Time<small>longest</small></th></xsl:if>
              <th scope="col" class="number">CPU time<small>median</small></th>
              <th scope="col" class="number">Peak memory<small><xsl:value-of select="$peak-words"/></small></th><th scope="col" class="number">Parameters</th>
              <th scope="col" class="number">Operations<small>median</small></th><th scope="col" class="number">Energy<small>mean</small></th>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$execution/r:costs/r:cost">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <td class="number">
                  <xsl:variable name="quality" select="key('standing', @tool)/r:value"/>
                  <xsl:if test="$quality"><xsl:attribute name="data-sort"><xsl:value-of select="$quality"/></xsl:attribute></xsl:if>
                  <xsl:if test="not($quality)">–</xsl:if>
                  <xsl:if test="$quality"><xsl:call-template name="figure"><xsl:with-param name="of" select="$quality"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template></xsl:if>
                </td>
                <xsl:call-template name="time"><xsl:with-param name="of" select="r:wall-seconds/@mean"/></xsl:call-template>
                <xsl:call-template name="time"><xsl:with-param name="of" select="r:wall-seconds/@median"/></xsl:call-template>
                <xsl:call-template name="time"><xsl:with-param name="of" select="r:wall-seconds/@p90"/></xsl:call-template>
                <xsl:if test="not($public)"><xsl:call-template name="time"><xsl:with-param name="of" select="r:wall-seconds/@maximum"/></xsl:call-template></xsl:if>
                <xsl:call-template name="time"><xsl:with-param name="of" select="r:cpu-seconds/@median"/></xsl:call-template>
                <xsl:variable name="bytes" select="r:peak-bytes/@*[name() = $peak]"/>
                <td class="number" data-sort="{$bytes}"><xsl:choose>
                  <xsl:when test="$bytes"><xsl:call-template name="bytes"><xsl:with-param name="of" select="$bytes"/></xsl:call-template></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number" data-sort="{key('tool', @tool)/@parameters}"><xsl:choose>
                  <xsl:when test="key('tool', @tool)/@parameters"><xsl:value-of select="format-number(key('tool', @tool)/@parameters, '#,##0')"/></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number" data-sort="{r:operations/@median}"><xsl:choose>
                  <xsl:when test="r:operations/@median"><xsl:call-template name="operations"><xsl:with-param name="of" select="r:operations/@median"/></xsl:call-template></xsl:when>
                  <xsl:otherwise>–</xsl:otherwise>
                </xsl:choose></td>
                <td class="number" data-sort="{r:energy/@mean}"><xsl:choose>
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
  </xsl:template>

  <xsl:template name="time">
    <xsl:param name="of"/>
    <td class="number" data-sort="{$of}"><xsl:choose>
      <xsl:when test="$of"><xsl:call-template name="seconds"><xsl:with-param name="of" select="$of"/></xsl:call-template></xsl:when>
      <xsl:otherwise>–</xsl:otherwise>
    </xsl:choose></td>
  </xsl:template>

  <!-- costs: one attribute per tool, which the table has, too; unit: what it is divided by -->
  <xsl:template name="cost-plane">
    <xsl:param name="costs"/><xsl:param name="what"/><xsl:param name="title"/><xsl:param name="unit" select="1"/>
    <xsl:variable name="tree">
      <xsl:for-each select="$ranking/r:standing[r:value]">
        <xsl:variable name="cost" select="$costs[../../@tool = current()/@tool]"/>
        <xsl:variable name="x" select="$cost div $unit"/>
        <xsl:if test="$cost and $x &gt; 0">
          <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="@tool"/></xsl:call-template></xsl:variable>
          <p name="{@tool}" x="{$x}" y="{r:value}" colour="{$colour}"/>
        </xsl:if>
      </xsl:for-each>
    </xsl:variable>
    <xsl:variable name="points" select="cm:nodes($tree)/p"/>
    <xsl:if test="$points">
      <figure class="plot">
        <xsl:call-template name="plot-head">
          <xsl:with-param name="title" select="$title"/><xsl:with-param name="metric" select="key('metric', $ranking/@metric)"/>
          <xsl:with-param name="more"><xsl:value-of select="$ranking/@metric"/>, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$ranking/@target"/></xsl:call-template></xsl:with-param>
        </xsl:call-template>
        <xsl:call-template name="plane">
          <xsl:with-param name="points" select="$points"/><xsl:with-param name="title" select="$title"/>
          <xsl:with-param name="description">Scatter plot of the tools; their costs and values are in the table below.</xsl:with-param>
          <xsl:with-param name="x-name" select="$what"/><xsl:with-param name="y-name" select="$ranking/@metric"/><xsl:with-param name="log" select="true()"/>
        </xsl:call-template>
      </figure>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
