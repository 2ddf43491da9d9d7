using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>
/// A concurrent dictionary is copied by its own <c>ToArray</c>: what copies it as a collection (a spread, <c>ToList</c>,
/// <c>OrderBy</c>) counts first and copies then, and fails where another thread adds an entry between the two.
/// </summary>
internal sealed partial class SpreadSourceTests
{
    [Test]
    public void Code_Always_CopiesAConcurrentDictionaryInOneMoment()
    {
        string[] found = [.. Repository.Sources.SelectMany(static file => Copies(file, Repository.Text("src/" + file)))];

        Assert.That(found, Is.Empty);
    }

    [TestCase("[.. _known]")]
    [TestCase("[first, .. _known, last]")]
    [TestCase("_known.ToList()")]
    [TestCase("_known.OrderBy(static one => one.Key)")]
    [TestCase("new List<KeyValuePair<string, int>>(_known)")]
    public void Copy_InTwoMoments_IsFound(string copy) =>
        Assert.That(Copies("A.cs", $"private readonly ConcurrentDictionary<string, int> _known = new();\nvar all = {copy};"),
            Has.Exactly(1).Items);

    [TestCase("_known.ToArray()")]
    [TestCase("[.. _known.Values]")]
    [TestCase("[.. _known.Where(static one => one.Value > 0)]")]
    public void Copy_InOneMoment_IsLeftAlone(string copy) =>
        Assert.That(Copies("A.cs", $"private readonly ConcurrentDictionary<string, int> _known = new();\nvar all = {copy};"),
            Is.Empty);

    private static IEnumerable<string> Copies(string file, string source) =>
        Declared().Matches(source).Select(static declared => declared.Groups["name"].Value).Distinct().SelectMany(name =>
            Regex.Matches(
                source,
                $@"(\.\.\s*{name}\s*[\],])|(\b{name}\s*\.(ToList|Order|OrderBy|OrderByDescending|ToHashSet)\()"
                + $@"|(new\s[\w<>, ]+\({name}\))").Select(copy => $"{file}: {copy.Value}"));

    [GeneratedRegex(@"\bConcurrentDictionary<[^;=]*?>\s+(?<name>\w+)\s*(=|;|\{|\)|,)")]
    private static partial Regex Declared();
}
