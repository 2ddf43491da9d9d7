using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AgentFunctions.Tests.Architecture;

/// <summary>The rooms of <c>docs/architecture.md</c>: which may use which, and what holds for all.</summary>
internal sealed partial class LayeringTests
{
    private static readonly RoomTable Table = RoomTable.Read();

    [Test]
    public void Types_Always_UseOnlyTheRoomsBelow() => LayeringBaseline.Compare(
        "arrow", Arrows(), "These arrows are not in the table of docs/architecture.md. Turn them round, or take what is used further down.");

    [Test]
    public void Table_Always_HasNoCircle()
    {
        foreach (string room in Table.Rooms)
        {
            Assert.That(Table.UsesOf(room).Where(use => !Table.Rooms.Contains(use)), Is.Empty,
                $"{room} may use rooms that have no row.");
            Assert.That(Reachable(room), Does.Not.Contain(room), $"{room} reaches itself.");
        }
    }

    [Test]
    public void Table_Always_NamesWhatIsUsed()
    {
        var used = RoomArrows().ToHashSet();
        Assert.That(
            Table.Rooms.SelectMany(static room => Table.UsesOf(room).Select(use => (From: room, To: use)))
                .Where(arrow => !used.Contains(arrow)), Is.Empty,
            "Take out of docs/architecture.md what nothing uses: it would let an arrow in that nobody has thought of.");
    }

    [Test]
    public void Files_Always_LieInTheFolderOfTheirNamespace() => LayeringBaseline.Compare(
        "folder", Repository.Sources.Where(static file => !LiesRight(file)), "The namespace of a file is its folder's.");

    [Test]
    public void Internals_Always_AreForTests() => LayeringBaseline.Compare(
        "internals",
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(static file =>
            XDocument.Load(file).Descendants("InternalsVisibleTo").Select(static friend => friend.Attribute("Include")!.Value)
                .Where(static friend => !IsTest(friend) && !LibraryAssemblies.Names.Contains(friend))
                .Select(friend => $"{Path.GetFileNameWithoutExtension(file)} -> {friend}")),
        "A project sees the public types of another. Make the type public, or give the library a public way.");

    [Test]
    public void Services_Always_AskForSixAtMost() => LayeringBaseline.Compare(
        "constructor", LongConstructors.All(6), "A class that needs so much does more than one thing.");

    [Test]
    public void PublicTypes_Always_HaveAUser() => Assert.That(
        new PublicFace().Unneeded(), Is.Empty,
        "No adapter, sample or document names these types, and no signature that one of them needs: make them internal.");

    [Test]
    [Explicit("Prints the figures of docs/architecture.md.")]
    public void Measure()
    {
        string[] arrows = [.. Arrows().Distinct()];
        var pairs = RoomArrows().ToHashSet();
        TestContext.Out.WriteLine($"types {Count(static type => true)}, public {Count(static type => (type & TypeAttributes.Public) != 0)}");
        TestContext.Out.WriteLine($"longest constructor {LongConstructors.Longest()}");
        TestContext.Out.WriteLine($"arrows outside the table: {arrows.Length} of types, {arrows.Select(RoomsOf).Distinct().Count()} of rooms");
        TestContext.Out.WriteLine($"rooms that use each other: {pairs.Count(pair => string.CompareOrdinal(pair.From, pair.To) < 0 && pairs.Contains((pair.To, pair.From)))} pairs");
    }

    [Test]
    [Explicit("Rewrites layering-baseline.txt.")]
    public void RemoveStaleLines()
    {
        LayeringBaseline.RemoveStale("arrow", Arrows());
        LayeringBaseline.RemoveStale("folder", Repository.Sources.Where(static file => !LiesRight(file)));
        LayeringBaseline.RemoveStale("constructor", LongConstructors.All(6));
    }

    private static IEnumerable<string> Arrows()
    {
        foreach ((string from, string to) in Uses())
        {
            (string fromRoom, string toRoom) = (Table.RoomOf(NamespaceOf(from)), Table.RoomOf(NamespaceOf(to)));
            if (!Table.Allows(fromRoom, toRoom))
            {
                yield return $"{from} -> {toRoom}";
            }
        }
    }

    private static IEnumerable<(string From, string To)> RoomArrows() => Uses()
        .Select(static use => (From: Table.RoomOf(NamespaceOf(use.From)), To: Table.RoomOf(NamespaceOf(use.To))))
        .Where(static use => use.From != use.To && use.From != RoomTable.Hosting);

    /// <summary>What the assemblies say, and what the files import: the compiler leaves no trace of a constant's class.</summary>
    private static IEnumerable<(string From, string To)> Uses() => UsesOfTypes().Concat(UsesOfFiles()).Distinct();

    private static IEnumerable<(string From, string To)> UsesOfTypes()
    {
        foreach (string assembly in LibraryAssemblies.All)
        {
            using var references = new TypeReferences(assembly);
            foreach ((string from, IReadOnlySet<string> to) in references.All())
            {
                foreach (string use in to.Where(static use => use.StartsWith("AgentFunctions.", StringComparison.Ordinal)))
                {
                    yield return (from, use);
                }
            }
        }
    }

    private static IEnumerable<(string From, string To)> UsesOfFiles()
    {
        foreach (string file in Repository.Sources.Where(static file => LibraryAssemblies.Names.Contains(file[..file.IndexOf('/',
            StringComparison.Ordinal)])))
        {
            string text = Repository.Text("src/" + file);
            string from = $"{Namespace().Match(text).Groups["name"].Value}.{Path.GetFileNameWithoutExtension(file)}";
            foreach (Match import in Import().Matches(text))
            {
                yield return (from, import.Groups["name"].Value + ".*");
            }
        }
    }

    private static int Count(Func<TypeAttributes, bool> which) => LibraryAssemblies.All.Sum(assembly =>
    {
        using var references = new TypeReferences(assembly);
        return references.TopLevel.Count(type => which(type.Attributes));
    });

    private static IEnumerable<string> Reachable(string room)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>(Table.UsesOf(room));
        while (open.TryPop(out string? at))
        {
            if (seen.Add(at) && Table.Rooms.Contains(at))
            {
                foreach (string next in Table.UsesOf(at))
                {
                    open.Push(next);
                }
            }
        }

        return seen;
    }

    private static bool LiesRight(string file)
    {
        string name = Namespace().Match(Repository.Text("src/" + file)).Groups["name"].Value;
        // Extension methods stand in the namespace of what they extend.
        return name is "" || name.StartsWith("Microsoft.", StringComparison.Ordinal)
            || name.StartsWith("OpenTelemetry.", StringComparison.Ordinal)
            || name == Path.GetDirectoryName(file)!.Replace('/', '.').Replace('\\', '.');
    }

    private static bool IsTest(string assembly) =>
        assembly.EndsWith("Tests", StringComparison.Ordinal)
            || assembly is "AgentFunctions.Conformance" or "AgentFunctions.EndToEnd" or "AgentFunctions.Benchmarks";

    private static string NamespaceOf(string type) => type[..type.LastIndexOf('.')];

    private static string RoomsOf(string arrow) =>
        $"{Table.RoomOf(NamespaceOf(arrow[..arrow.IndexOf(' ', StringComparison.Ordinal)]))} -> {arrow[(arrow.LastIndexOf(' ') + 1)..]}";

    [GeneratedRegex(@"^namespace (?<name>[A-Za-z0-9_.]+);", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (static )?([A-Za-z]+ = )?(?<name>AgentFunctions(\.[A-Z][A-Za-z0-9]*)*);",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Import();
}
