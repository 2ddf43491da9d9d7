using AgentFunctions.Agents;

namespace AgentFunctions.Tests.Agents;

/// <summary>What YAML would read as something else is read as it was written.</summary>
internal sealed class AgentFileTextTests
{
    [TestCase("007")]
    [TestCase("1e3")]
    [TestCase("0x1F")]
    [TestCase("true")]
    [TestCase("1_000")]
    public void Parse_ANameThatLooksLikeAnotherType_StaysText(string name) => Assert.That(
        AgentFile.Parse($"---\nname: {name}\ndescription: 010\n---\nWork.", "a.md").Definition,
        Has.Property("Name").EqualTo(name).And.Property("Description").EqualTo("010"));

    [TestCase("---\nname: a\ndescription: d\ntools:\n\t- Read\n---\nx", 5)]
    [TestCase("---\nname: a\ndescription: d\nhooks:\n  a:\n\tb: c\n---\nx", 6)]
    public void Parse_ATabThatIndents_IsNamedWithItsLine(string text, int line) => Assert.That(
        () => AgentFile.Parse(text, "a.md"),
        Throws.TypeOf<AgentException>().With.Message.EqualTo($"a.md({line}): the front matter is not valid YAML: a tab indents this line; use spaces."));
}
