package seeds

import (
	"regexp"
	"strings"

	"gongkai/extract"
)

// bodies tells from what year on bodies of a name owe reports: all administrative bodies have since the regulation came
// into force, as far as they existed. The names that the reforms of the State Council (2008, 2013, 2018, 2020, 2023) and
// those of the provinces after them (2009 and 2010, 2019) gave to bodies are not older than these. Of other names, such
// as the many that counties have made by mergers of their own, nothing is known before firstUnits.
var bodies = []struct {
	like    *regexp.Regexp
	first   int    // for bodies of divisions
	central int    // for the State Council's
	why     string // there is none before
}{
	{regexp.MustCompile(`^(?:财政|教育|公安|民政|司法|审计|统计|水利|水务|体育|科学技术|科技|信访|气象|地震|文物|中医药管理|人民防空|发展和改革|国有资产监督管理|民族事务|民族宗教事务)(?:局|厅|委员会|办公室|部|署)$`), FirstYear, FirstYear, ""},
	{regexp.MustCompile(`^(?:生态环境|农业农村)(?:局|厅|委员会|部)$`), FirstYear, FirstYear, ""}, // of which the former names are known
	{regexp.MustCompile(`^应急管理(?:局|厅|部)$`), FirstYear, 2018, "formed in the reform of 2018"},
	{regexp.MustCompile(`^(?:人力资源和社会保障|住房和城乡建设|交通运输|工业和信息化|经济和信息化)(?:局|厅|委员会|部)$`), 2010, FirstYear, "formed in the reforms of 2009 and 2010"},
	{regexp.MustCompile(`^(?:国家)?(?:卫生健康|自然资源|文化和旅游|文化广电和旅游|文化广电旅游|文化广播电视和旅游|退役军人事务|医疗保障|市场监督管理|林业和草原|粮食和物资储备|药品监督管理|广播电视)(?:总局|局|厅|委员会|部)$`), 2019, 2018, "formed in the reform of 2018"},
	{regexp.MustCompile(`^国家(?:国际发展合作署|移民管理局)$`), 2019, 2018, "formed in the reform of 2018"},
	{regexp.MustCompile(`^国家铁路局$`), 2013, 2013, "formed in the reform of 2013"},
	{regexp.MustCompile(`^国家矿山安全监察局$`), 2020, 2020, "formed in 2020"},
	{regexp.MustCompile(`^国家(?:金融监督管理总局|数据局)$`), 2023, 2023, "formed in the reform of 2023"},
}

// owesSince returns the first year that a body below a government, or a central one, owes a report for, and why none
// before.
func owesSince(p *Portal, key extract.AgencyKey) (first int, why string) {
	_, unit, _ := strings.Cut(string(key), "-")
	for _, b := range bodies {
		switch {
		case !b.like.MatchString(unit):
		case p.Level == "central":
			return b.central, b.why
		default:
			return b.first, b.why
		}
	}
	if p.Level == "central" {
		return FirstYear, "" // what was formed later is named above
	}
	return firstUnits, "not known whether it existed under this name"
}
