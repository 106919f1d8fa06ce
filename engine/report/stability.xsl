<?xml version="1.0" encoding="UTF-8"?>
<!-- How firm the places are: places over resampled cohorts as blobs, and places under each ranking method as lines.
     A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <xsl:key name="taken" match="r:method/r:place/r:at" use="concat(generate-id(../..), '|', @place)"/>

  <!-- context: a method with resampled places. A blob's area is the share of the cohorts in which the tool took the place. -->
  <xsl:template name="blobs">
    <xsl:variable name="tools" select="count(r:place)"/>
    <xsl:variable name="bottom" select="$tools * 40 + 8"/>
    <xsl:variable name="scale" select="84 div ($tools - 1 + ($tools = 1))"/>
    <figure class="plot wide">
      <xsl:call-template name="plot-head">
        <xsl:with-param name="title">Places over <xsl:value-of select="@replicates"/> resampled cohorts</xsl:with-param>
        <xsl:with-param name="more"><xsl:value-of select="translate(@name, '-', ' ')"/>; the larger a blob, the more often the tool took that place; line: middle <xsl:value-of select="$percent"/> %; cross: place in this cohort</xsl:with-param>
      </xsl:call-template>
      <svg width="100%" height="{$bottom + 40}" role="img">
        <xsl:call-template name="describe">
          <xsl:with-param name="title">Places over resampled cohorts</xsl:with-param>
          <xsl:with-param name="text">Blob plot of the places of every tool; intervals and how often each tool came first are in the tables below.</xsl:with-param>
        </xsl:call-template>
        <xsl:call-template name="ticks">
          <xsl:with-param name="value" select="1"/><xsl:with-param name="low" select="1"/><xsl:with-param name="high" select="$tools + ($tools = 1)"/>
          <xsl:with-param name="step" select="1 + floor($tools div 16)"/><xsl:with-param name="bottom" select="$bottom"/>
          <xsl:with-param name="left" select="8"/><xsl:with-param name="width" select="84"/>
        </xsl:call-template>
        <text class="tick" x="50%" y="{$bottom + 34}" text-anchor="middle">place</text>
        <xsl:for-each select="r:place">
          <xsl:sort select="@place" data-type="number"/>
          <xsl:sort select="key('tool', @tool)/@order" data-type="number"/>
          <xsl:variable name="y" select="(position() - 1) * 40"/>
          <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="@tool"/></xsl:call-template></xsl:variable>
          <xsl:call-template name="row-name"><xsl:with-param name="of" select="@tool"/><xsl:with-param name="y" select="$y"/><xsl:with-param name="wide" select="true()"/></xsl:call-template>
          <text class="value" x="100%" y="{$y + 13}" text-anchor="end"><tspan class="count">first in </tspan><xsl:value-of select="format-number(100 * @first, '0.#')"/> %</text>
          <g class="{$colour}">
            <line class="reach thin" x1="{8 + $scale * (@low - 1)}%" x2="{8 + $scale * (@high - 1)}%" y1="{$y + 29}" y2="{$y + 29}"/>
            <xsl:for-each select="r:at[@share &gt; 0]">
              <circle class="blob" cx="{8 + $scale * (@place - 1)}%" cy="{$y + 29}" r="{format-number(10 * cm:root(@share), '0.00', 'plain')}"/>
            </xsl:for-each>
            <svg x="{8 + $scale * (@place - 1)}%" y="{$y + 29}" overflow="visible"><path class="cross" d="M-4-4L4 4M-4 4L4-4"/></svg>
          </g>
        </xsl:for-each>
      </svg>
    </figure>
  </xsl:template>

  <!-- context: a method with resampled places; the blobs in numbers. A column per place while they fit, else a row per tool and place. -->
  <xsl:template name="blob-table">
    <xsl:variable name="method" select="."/>
    <!-- every place that any tool took, once: the first of its kind, by a key -->
    <xsl:variable name="places" select="r:place/r:at[generate-id() = generate-id(key('taken', concat(generate-id($method), '|', @place)))]/@place"/>
    <xsl:variable name="wide" select="count($places) &lt;= 24"/>
    <details>
      <summary>How often each tool took each place</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Share of <xsl:value-of select="@replicates"/> resampled cohorts, in percent; tools that tie share the place<xsl:if test="not($wide)">. Places that a tool never took have no row</xsl:if></span></caption>
          <thead><tr>
            <th scope="col">Tool</th>
            <xsl:if test="$wide">
              <xsl:for-each select="$places"><xsl:sort select="." data-type="number"/><th scope="col" class="number" data-first="descending">place <xsl:value-of select="format-number(., '0.#')"/></th></xsl:for-each>
            </xsl:if>
            <xsl:if test="not($wide)"><th scope="col" class="number">Place</th><th scope="col" class="number" data-first="descending">Share</th></xsl:if>
          </tr></thead>
          <tbody>
            <xsl:for-each select="r:place">
              <xsl:sort select="@place" data-type="number"/>
              <xsl:choose>
                <xsl:when test="$wide"><xsl:call-template name="blob-row"><xsl:with-param name="places" select="$places"/></xsl:call-template></xsl:when>
                <xsl:otherwise>
                  <xsl:for-each select="r:at[@share &gt; 0]">
                    <tr>
                      <th scope="row"><xsl:value-of select="../@tool"/></th>
                      <td class="number"><xsl:value-of select="format-number(@place, '0.#')"/></td>
                      <td class="number" data-sort="{@share}"><xsl:value-of select="format-number(100 * @share, '0.##')"/></td>
                    </tr>
                  </xsl:for-each>
                </xsl:otherwise>
              </xsl:choose>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <!-- context: the place of a tool -->
  <xsl:template name="blob-row">
    <xsl:param name="places"/>
    <xsl:variable name="of-tool" select="r:at"/>
    <tr>
      <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
      <xsl:for-each select="$places">
        <xsl:sort select="." data-type="number"/>
        <xsl:variable name="share" select="sum($of-tool[@place = current()]/@share)"/>
        <td class="number" data-sort="{$share}"><xsl:value-of select="format-number(100 * $share, '0.##')"/></td>
      </xsl:for-each>
    </tr>
  </xsl:template>

  <!-- one line per tool from method to method -->
  <xsl:template name="method-lines">
    <xsl:variable name="methods" select="$comparison/r:method"/>
    <xsl:variable name="tools" select="count($methods[1]/r:place)"/>
    <xsl:variable name="gap" select="62 div (count($methods) - 1)"/>
    <figure class="plot wide">
      <xsl:call-template name="plot-head">
        <xsl:with-param name="title">Place under each ranking method</xsl:with-param>
        <xsl:with-param name="more">first place on top; crossing lines: the order hangs on the method</xsl:with-param>
      </xsl:call-template>
      <div class="scroll plain" tabindex="0" role="group" aria-label="Place under each ranking method">
        <svg class="roomy" width="100%" height="{$tools * 26 + 54}" role="img">
          <xsl:call-template name="describe">
            <xsl:with-param name="title">Place under each ranking method</xsl:with-param>
            <xsl:with-param name="text">One line per tool over the methods; the places are in the table below.</xsl:with-param>
          </xsl:call-template>
          <xsl:for-each select="$methods">
            <xsl:variable name="x" select="30 + $gap * (position() - 1)"/>
            <xsl:variable name="first" select="substring-before(concat(@name, '-then-'), '-then-')"/>
            <line class="grid" x1="{$x}%" x2="{$x}%" y1="40" y2="{$tools * 26 + 48}"/>
            <text class="tick" x="{$x}%" y="14" text-anchor="middle"><xsl:value-of select="translate($first, '-', ' ')"/></text>
            <xsl:if test="contains(@name, '-then-')"><text class="tick" x="{$x}%" y="28" text-anchor="middle">then <xsl:value-of select="substring-after(@name, '-then-')"/></text></xsl:if>
          </xsl:for-each>
          <xsl:for-each select="$methods[1]/r:place">
            <xsl:sort select="@place" data-type="number"/>
            <xsl:sort select="key('tool', @tool)/@order" data-type="number"/>
            <xsl:call-template name="method-line"><xsl:with-param name="slot" select="52 + 26 * (position() - 1)"/><xsl:with-param name="gap" select="$gap"/></xsl:call-template>
          </xsl:for-each>
        </svg>
      </div>
    </figure>
  </xsl:template>

  <!-- context: the place of a tool in the first method -->
  <xsl:template name="method-line">
    <xsl:param name="slot"/><xsl:param name="gap"/>
    <xsl:variable name="tool" select="@tool"/>
    <xsl:variable name="order" select="key('tool', $tool)/@order - 1"/>
    <g class="c{$order mod 8} dash{($order + floor($order div 8)) mod 4}">
      <line class="leader" x1="27%" x2="30%" y1="{$slot}" y2="{52 + 26 * (@place - 1)}"/>
      <xsl:for-each select="$comparison/r:method">
        <xsl:variable name="here" select="r:place[@tool = $tool]/@place"/>
        <xsl:variable name="next" select="following-sibling::r:method[1]/r:place[@tool = $tool]/@place"/>
        <xsl:variable name="x" select="30 + $gap * (position() - 1)"/>
        <xsl:if test="$next"><line class="way" x1="{$x}%" x2="{$x + $gap}%" y1="{52 + 26 * ($here - 1)}" y2="{52 + 26 * ($next - 1)}"/></xsl:if>
        <circle class="dot" cx="{$x}%" cy="{52 + 26 * ($here - 1)}" r="5"/>
      </xsl:for-each>
    </g>
    <text x="0" y="{$slot + 4}"><xsl:call-template name="short"><xsl:with-param name="of" select="$tool"/><xsl:with-param name="most" select="20"/></xsl:call-template></text>
  </xsl:template>
</xsl:stylesheet>
