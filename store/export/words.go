package export

import (
	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// vocabularies lists the columns with a closed list of words: column, or table.column where tables differ.
func vocabularies() []struct {
	column string
	words  []word
} {
	return []struct {
		column string
		words  []word
	}{
		{"scope", []word{
			{extract.ScopeOwn, "the agency itself", "本机关"},
			{extract.ScopeAggregate, "the whole region", "本地区汇总"},
		}},
		{"level", []word{
			{"central", "central body", "中央"}, {"province", "province level", "省级"}, {"prefecture", "prefecture level", "地级"},
			{"county", "county level", "县级"}, {"township", "township level", "乡级"},
		}},
		{"quality", []word{
			{extract.QualityClean, "nothing was odd", "无疑点"}, {extract.QualityNoted, "figures whole and agreeing, something else odd", "数据完整但另有疑点"},
			{extract.QualityDoubtful, "a figure is missing, unreadable or contradicted", "数据存疑"}, {extract.QualityUnread, "no figures of a statutory table", "未读出法定表格的数据"},
		}},
		{"form", []word{
			{extract.FormHTML, "HTML", "网页"}, {extract.FormText, "plain text", "纯文本"}, {extract.FormPDF, "PDF with a text layer", "PDF 文本"},
			{extract.FormDOCX, "Word document", "Word 文档"}, {extract.FormImage, "pictures only, nothing read", "仅图片"},
			{extract.FormAttachment, "points to documents that cannot be read", "仅附件且无法识读"},
		}},
		{"check", []word{
			{form.CheckOK, "the identities that cover it hold", "勾稽相符"}, {form.CheckFailed, "an identity that covers it does not hold", "勾稽不符"},
		}},
		{"captures.kind", []word{
			{store.KindListing, "page that links to reports", "列表页"}, {store.KindReport, "report", "年度报告"},
			{store.KindPart, "further page or frame of a report", "分页或框架"}, {store.KindAttachment, "document linked from a report", "附件"},
			{store.KindRobots, "robots.txt", "robots.txt"}, {store.KindOther, "something else of an imported collection", "导入的其他内容"},
		}},
		{"captures.state", []word{
			{store.StateOK, "a body, new or changed", "已取得"}, {store.StateUnchanged, "the same as before", "未变更"}, {store.StateRedirect, "led elsewhere", "重定向"},
			{store.StateGone, "404 or 410", "已不存在"}, {store.StateFailed, "no usable answer", "失败"}, {store.StateRefused, "too large, or not kept", "未收存"},
			{store.StateBlocked, "robots.txt forbids it, or a challenge page", "被拒绝访问"},
		}},
		{"coverage.state", []word{
			{CoverageHeld, "a report is held, with figures", "已收录"}, {CoverageUnread, "a report is held, without figures", "已收录但未读出数据"},
			{CoverageMissing, "none is held", "缺失"}, {CoverageFailed, "it is known to exist and could not be had", "抓取失败"},
			{CoverageNotExpected, "there is none to be held", "不应有"},
		}},
	}
}
