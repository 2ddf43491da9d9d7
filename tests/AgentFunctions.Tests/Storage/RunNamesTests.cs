using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Storage;

/// <summary>
/// What the sources store under a name is in the one list that says what belongs to a run: what is not, would outlive its
/// erasure.
/// </summary>
internal sealed partial class RunNamesTests
{
    /// <summary>Texts of this form that are no names in a store.</summary>
    private static readonly HashSet<string> s_others = new(StringComparer.Ordinal)
    {
        "agentfunctions", "application", "audio", "content", "heads", "http", "https", "image", "multipart", "text", "trees",
        "video", "workspace",
    };

    [Test]
    public void Names_InTheSources_AreInTheList()
    {
        var unknown = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Sources())
        {
            foreach (Match match in StoreName().Matches(File.ReadAllText(file)))
            {
                string name = match.Groups["name"].Value;
                if (!RunNames.IsOfRun(name) && !RunNames.Shared.Contains(name) && !RunNames.OfHost.Contains(name)
                    && !s_others.Contains(name))
                {
                    unknown.Add($"{name} ({Path.GetFileName(file)})");
                }
            }
        }

        Assert.That(unknown, Is.Empty,
            "enter new names of streams and records in Storage/RunNames.cs, so that they are sealed and erased with their run");
    }

    [Test]
    public void Names_OfTheList_AreInTheSources()
    {
        string all = string.Concat(Sources().Where(static file => !file.EndsWith("RunNames.cs", StringComparison.Ordinal))
            .Select(File.ReadAllText));

        Assert.That(
            RunNames.Streams.Concat(RunNames.Records)
                .Where(name => !all.Contains($"\"{name}/", StringComparison.Ordinal)
                    && !all.Contains($"RunNames.{Constant(name)}", StringComparison.Ordinal)),
            Is.Empty);
        Assert.That(RunNames.Streams.Concat(RunNames.Records).Concat(RunNames.Shared).Concat(RunNames.OfHost), Is.Unique);
    }

    /// <summary>The constant that has the name as its value; the name where there is none.</summary>
    private static string Constant(string name) =>
        typeof(RunNames).GetFields().FirstOrDefault(field => field.IsLiteral && name.Equals(field.GetRawConstantValue()))?.Name
            ?? name;

    private static IEnumerable<string> Sources([CallerFilePath] string path = "") =>
        new[]
        {
            "AgentFunctions", "AgentFunctions.AgentFramework", "AgentFunctions.Monitors", "AgentFunctions.Mcp",
            "AgentFunctions.AspNetCore/Doors/Shared", "AgentFunctions.AspNetCore/Doors/OpenAI",
        }
            .Select(project => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../src", project)))
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(static file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                StringComparison.Ordinal));

    /// <summary>The beginning of a key or a stream: <c>"name/</c> before a value or the end of the text.</summary>
    [GeneratedRegex("""\$?"(?<name>[a-z]+(-[a-z]+)*)/(\{|")""")]
    private static partial Regex StoreName();
}
