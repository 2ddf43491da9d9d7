using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Search;

namespace AgentFunctions.Tests.Tools.Search;

internal sealed class ToolSelectionTests
{
    private static readonly ToolDeclaration BuiltIn = ManyTools.Declare("a_built_in",
        bytes: 1_000) with
    { Rank = ToolRank.BuiltIn };

    [Test]
    public void Of_AllFit_DeclaresAll()
    {
        ToolDeclaration[] tools = [.. Enumerable.Range(0, 128).Select(i => ManyTools.Declare($"big__{i}", group: "big"))];

        ToolSelection selection = ToolSelection.Of(tools, ManyTools.Agent, new ToolBound(128, 1 << 20));

        Assert.That(selection.Declared, Is.EqualTo(tools));
        Assert.That(selection.Searched, Is.Empty);
    }

    [Test]
    public void Of_TooMany_KeepsBuiltInNamedOwnAndTheSmallGroupWhole()
    {
        ToolDeclaration[] big = [.. Enumerable.Range(0, 200).Select(i => ManyTools.Declare($"big__{i:000}", group: "big"))];
        ToolDeclaration[] small = [.. Enumerable.Range(0, 5).Select(i => ManyTools.Declare($"small__{i}", group: "small"))];
        ToolDeclaration own = ManyTools.Declare("own");

        ToolSelection selection = ToolSelection.Of(
            [BuiltIn, .. big, own, .. small], ManyTools.Agent with { Tools = ["a_built_in", "big__007", "big", "small", "own"] },
            new ToolBound(40, 1 << 20));

        Assert.That(
            selection.Declared.Select(tool => tool.Name),
            Is.EqualTo(new[] { "a_built_in", "big__007", "own", "small__0", "small__1", "small__2", "small__3", "small__4" }));
        Assert.That(selection.Searched, Has.Count.EqualTo(199));
    }

    [Test]
    public void Of_TooManyBytes_KeepsBuiltInWhateverTheBound()
    {
        ToolSelection selection = ToolSelection.Of(
            [BuiltIn, ManyTools.Declare("own", bytes: 5_000)], ManyTools.Agent, new ToolBound(128, 1_024));

        Assert.That(selection.Declared, Is.EqualTo(new[] { BuiltIn }));
        Assert.That(selection.Searched.Select(tool => tool.Name), Is.EqualTo(new[] { "own" }));
    }

    [TestCase(128_000, null, 76_800)]
    [TestCase(8_000, null, 16_384)]
    [TestCase(8_000, 2_000L, 2_000)]
    public void Bound_FollowsTheWindowUnlessSet(int window, long? bytes, long expected) =>
        Assert.That(
            new ModelProfile { Provider = "openai", ContextWindow = window, MaxToolBytes = bytes }.Tools,
            Is.EqualTo(new ToolBound(128, expected)));

    [Test]
    public void Add_MoreThanFits_DropsTheOldestAndKeepsTheOrder()
    {
        ToolDeclaration[] tools = [.. "abcdefgh".Select(letter => ManyTools.Declare(letter.ToString()))];
        ToolLoad[] loads = [new(1, 0, ["b", "c"]), new(2, 0, ["d"]), new(2, 1, ["b", "e"]), new(3, 0, ["gone"])];

        IReadOnlyList<ToolDeclaration> shown = LoadedTools.Add([tools[0]], loads, tools, new ToolBound(4, 1 << 20));

        Assert.That(string.Concat(shown.Select(tool => tool.Name)), Is.EqualTo("adbe"));
    }

    [Test]
    public void Add_OneIsLargerThanTheBound_ShowsItAlone()
    {
        ToolDeclaration[] tools = [ManyTools.Declare("a"), ManyTools.Declare("b", bytes: 10_000), ManyTools.Declare("c")];

        Assert.That(LoadedTools.Fitting([tools[1], tools[2]], [tools[0]], new ToolBound(10, 2_000)),
            Is.EqualTo(new[] { tools[1] }));
        Assert.That(LoadedTools.Add([tools[0]], [new ToolLoad(1, 0, ["c", "b"])], tools, new ToolBound(10, 2_000)),
            Is.EqualTo(new[] { tools[0], tools[1] }));
    }
}
