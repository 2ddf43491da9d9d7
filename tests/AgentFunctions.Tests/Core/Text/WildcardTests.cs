using AgentFunctions.Agents;
using AgentFunctions.Core.Text;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Core.Text;

public sealed class WildcardTests
{
    [TestCase("*", "anything", ExpectedResult = true)]
    [TestCase("*", "", ExpectedResult = true)]
    [TestCase("a*", "a", ExpectedResult = true)]
    [TestCase("a*c", "abbc", ExpectedResult = true)]
    [TestCase("a*c", "abcd", ExpectedResult = false)]
    [TestCase("a?c", "abc", ExpectedResult = true)]
    [TestCase("a?c", "ac", ExpectedResult = false)]
    [TestCase("*b*", "abc", ExpectedResult = true)]
    [TestCase("a", "A", ExpectedResult = false)]
    [TestCase(@"a\*", @"a\b", ExpectedResult = true, Description = "A backslash is a character like any other.")]
    [TestCase(@"a\*", "a*", ExpectedResult = false)]
    [TestCase("a.*", "ab", ExpectedResult = false, Description = "A dot is no special character.")]
    [TestCase("[ab]", "a", ExpectedResult = false, Description = "Brackets are none either.")]
    [TestCase("a*", "a\nb", ExpectedResult = true)]
    public bool Matches_Always_ReadsStarAndQuestionMarkOnly(string pattern, string text) => Wildcard.Matches(pattern, text);

    [Test]
    public void Matches_ManyStars_IsQuick() => Assert.That(
        Wildcard.Matches(string.Concat(Enumerable.Repeat("*a", 200)) + "b", new string('a', 20_000)), Is.False);

    [TestCase("mcp__docs__*", ExpectedResult = "mcp__docs__find,mcp__docs__read")]
    [TestCase("mcp__docs", ExpectedResult = "mcp__docs__find,mcp__docs__read")]
    [TestCase("mcp__*__read", ExpectedResult = "mcp__docs__read,mcp__wiki__read")]
    [TestCase("mcp__docs__fi*", ExpectedResult = "mcp__docs__find")]
    [TestCase("read_*", ExpectedResult = "read_file")]
    [TestCase("read_fil?", ExpectedResult = "")]
    [TestCase("MCP__docs__*", ExpectedResult = "")]
    [TestCase("*", ExpectedResult = "mcp__docs__find,mcp__docs__read,mcp__wiki__read,read_file,write_file")]
    public string Tools_EntryWithAStar_StandsForTheToolsItMatches(string entry)
    {
        AgentDefinition agent = Agent.Create("a").WithInstructions("Work.").WithTools(entry);
        return string.Join(',', new ToolCatalog(Tools()).NamesOf(agent).Order(StringComparer.Ordinal));
    }

    [TestCase("mcp__docs__*", ExpectedResult = "mcp__wiki__read,read_file,write_file")]
    [TestCase("mcp__*", ExpectedResult = "read_file,write_file")]
    [TestCase("*_file", ExpectedResult = "mcp__docs__find,mcp__docs__read,mcp__wiki__read")]
    public string Denials_EntryWithAStar_TakesAwayTheToolsItMatches(string entry)
    {
        AgentDefinition agent = Agent.Create("a").WithInstructions("Work.").WithoutTools(entry);
        return string.Join(',', new ToolCatalog(Tools()).NamesOf(agent).Order(StringComparer.Ordinal));
    }

    private static AgentTool[] Tools() =>
        [.. new[] { "mcp__docs__find", "mcp__docs__read", "mcp__wiki__read", "read_file", "write_file" }.Select(Tool)];

    private static AgentTool Tool(string name) =>
        new(AgentTool.CreateFunction(name, "Does something.", static () => "done"), ToolEffect.None)
        {
            Group = name.StartsWith("mcp__", StringComparison.Ordinal)
            ? name[..name.LastIndexOf("__", StringComparison.Ordinal)]
            : null,
        };
}
