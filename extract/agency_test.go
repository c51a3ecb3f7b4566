package extract

import "testing"

func TestIdentify(t *testing.T) {
	for _, test := range []struct {
		name      string
		hints     Hints
		fields    []Field
		prose     string
		key       AgencyKey
		full      string
		level     string
		scope     string
		contested bool // a problem is reported
	}{
		{name: "常熟市人民政府办公室", hints: Hints{Division: "320581"}, key: "320581-人民政府办公室", full: "常熟市人民政府办公室", level: "county", scope: ScopeOwn},
		{name: "四川省遂宁市安居区人民政府", hints: Hints{Division: "510904"}, key: "510904-人民政府", full: "四川省遂宁市安居区人民政府", level: "county", scope: ScopeAggregate},
		{name: "江油市", hints: Hints{Division: "510781"}, key: "510781-人民政府", full: "江油市人民政府", level: "county", scope: ScopeAggregate},
		{name: "区政府办公室", hints: Hints{Division: "330803"}, key: "330803-人民政府办公室", full: "衢江区人民政府办公室", level: "county", scope: ScopeOwn},
		{name: "分宜县人民政府", hints: Hints{Division: "360500"}, key: "360521-人民政府", full: "分宜县人民政府", level: "county", scope: ScopeAggregate},
		{name: "新余市行政服务管理委员会", hints: Hints{Division: "360500"}, key: "360500-政务服务中心", full: "新余市行政服务管理委员会", level: "prefecture", scope: ScopeOwn},
		// former names of the same place, by the same code and by another one
		{name: "密云县人民政府", hints: Hints{Division: "110118"}, key: "110118-人民政府", full: "密云县人民政府", level: "county", scope: ScopeAggregate},
		{name: "北京市密云县人民政府", hints: Hints{Division: "110118"}, key: "110118-人民政府", full: "北京市密云县人民政府", level: "county", scope: ScopeAggregate},
		{name: "北京市崇文区人民政府", hints: Hints{Division: "110000"}, key: "110103-人民政府", full: "北京市崇文区人民政府", level: "county", scope: ScopeAggregate},
		{name: "伊春市友好区人民政府", hints: Hints{Division: "230719"}, key: "230719-人民政府", full: "伊春市友好区人民政府", level: "county", scope: ScopeAggregate},
		{name: "海安县人民政府办公室", hints: Hints{Division: "320685"}, key: "320685-人民政府办公室", full: "海安县人民政府办公室", level: "county", scope: ScopeOwn},
		{name: "衢江区环境保护局", hints: Hints{Division: "330803"}, key: "330803-生态环境局", full: "衢江区环境保护局", level: "county", scope: ScopeOwn},
		{name: "上方镇人民政府", hints: Hints{Division: "330803"}, key: "330803-上方镇人民政府", full: "上方镇人民政府", level: "township", scope: ScopeOwn},
		// reports of other governments on a county's portal
		{name: "衢州市人民政府", hints: Hints{Division: "330803"}, key: "330800-人民政府", full: "衢州市人民政府", level: "prefecture", scope: ScopeAggregate, contested: true},
		{name: "浙江省人民政府", hints: Hints{Division: "330803"}, key: "330000-人民政府", full: "浙江省人民政府", level: "province", scope: ScopeAggregate, contested: true},
		{name: "柯城区人民政府", hints: Hints{Division: "330803"}, key: "330802-人民政府", full: "柯城区人民政府", level: "county", scope: ScopeAggregate, contested: true},
		{name: "杭州市财政局", hints: Hints{Division: "330803"}, key: "330100-财政局", full: "杭州市财政局", level: "prefecture", scope: ScopeOwn, contested: true},
		{name: "江西省新余市渝水区人民政府", hints: Hints{Division: "330803"}, key: "360502-人民政府", full: "江西省新余市渝水区人民政府", level: "county", scope: ScopeAggregate, contested: true},
		{name: "衢江区政府采购中心", hints: Hints{Division: "330803"}, key: "330803-政府采购中心", full: "衢江区政府采购中心", level: "county", scope: ScopeOwn},
		{name: "樟潭街道办", hints: Hints{Division: "330803"}, key: "330803-樟潭街道办事处", full: "樟潭街道办事处", level: "township", scope: ScopeOwn},
		{name: "财政部", key: "-财政部", full: "财政部", scope: ScopeOwn, contested: true},
		{name: "财政部", fields: []Field{{Name: "site_id", Value: "bm14000001"}}, key: "000000-财政部", full: "财政部", level: "central", scope: ScopeOwn},
		// no portal: the site's code, else the index number
		{name: "衢江区财政局", fields: []Field{{Name: "site_id", Value: "3308030002"}}, key: "330803-财政局", full: "衢江区财政局", level: "county", scope: ScopeOwn},
		{name: "衢江区财政局", fields: []Field{{Name: "index_no", Value: "330803-003/2022-47148"}}, key: "330803-财政局", full: "衢江区财政局", level: "county", scope: ScopeOwn},
		// an organisation code is no division
		{name: "国务院办公厅", hints: Hints{Division: "000000"}, fields: []Field{{Name: "index_no", Value: "000014349/2018-00222"}}, key: "000000-国务院办公厅", full: "国务院办公厅", level: "central", scope: ScopeOwn},
		// a mirror or a pasted page: the site's code is of another province
		{name: "衢江区财政局", hints: Hints{Division: "330803"}, fields: []Field{{Name: "site_id", Value: "5107810001"}}, key: "330803-财政局", full: "衢江区财政局", level: "county", scope: ScopeOwn, contested: true},
	} {
		a, problems := identify([]namedBy{{test.name, "title"}}, test.fields, test.hints, test.prose)
		if a.Key != test.key || a.Name != test.full || a.Level != test.level || scopeOf(a) != test.scope || (len(problems) > 0) != test.contested {
			t.Errorf("%s: got %s %q level %q scope %s problems %v, want %s %q %q %s", test.name, a.Key, a.Name, a.Level, scopeOf(a), problems, test.key, test.full, test.level, test.scope)
		}
	}
}
