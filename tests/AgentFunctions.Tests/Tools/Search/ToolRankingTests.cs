using AgentFunctions.Tools;
using AgentFunctions.Tools.Search;

namespace AgentFunctions.Tests.Tools.Search;

internal sealed class ToolRankingTests
{
    private static readonly ToolDeclaration[] Tools =
    [
        ManyTools.Declare("mcp__shop__createInvoice", "Makes a bill for a customer."),
        ManyTools.Declare("mcp__shop__list_invoices", "Lists the bills of a customer."),
        ManyTools.Declare("mcp__shop__create_customer", "Adds a customer."),
        ManyTools.Declare("api__droplets_destroy", "Deletes an existing droplet by its id."),
        ManyTools.Declare("api__天气", "查询城市的天气预报"),
        ManyTools.Declare("api__other", "Nothing of the kind."),
    ];

    [TestCase("create invoice", "mcp__shop__createInvoice")]
    [TestCase("invoices list", "mcp__shop__list_invoices")]
    [TestCase("delete a droplet", "api__droplets_destroy")]
    [TestCase("DROPLET deletion", "api__droplets_destroy")]
    [TestCase("mcp__shop__create_customer", "mcp__shop__create_customer")]
    [TestCase("天气", "api__天气")]
    public void Find_Words_PutsTheFittingOneFirst(string query, string expected) =>
        Assert.That(ToolRanking.Find(Tools, query)[0].Name, Is.EqualTo(expected));

    [TestCase("quantum")]
    [TestCase("!!!")]
    public void Find_NothingFits_IsEmpty(string query) => Assert.That(ToolRanking.Find(Tools, query), Is.Empty);

    [Test]
    public void Find_SameScore_IsInOrderOfNames()
    {
        ToolDeclaration[] alike = [ManyTools.Declare("b_report"), ManyTools.Declare("a_report"), ManyTools.Declare("c_report")];

        Assert.That(ToolRanking.Find(alike, "report").Select(tool => tool.Name),
            Is.EqualTo(new[] { "a_report", "b_report", "c_report" }));
    }

    [TestCase("getReportsByID2", "get,report,by,id2")]
    [TestCase("mcp__a-b__c", "mcp,a,b,c")]
    [TestCase("class 's", "class,s")]
    public void WordsOf_Names_AreDivided(string text, string expected) =>
        Assert.That(string.Join(',', ToolRanking.WordsOf(text)), Is.EqualTo(expected));
}
