using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// What a screen is to assistive technology, compared with what is committed in <c>Snapshots</c>: roles, names, states, values and
/// words, without what differs from run to run (ids, times, ages, hashes) and without colours and places.
/// </summary>
/// <remarks>
/// <c>AGENTFUNCTIONS_SNAPSHOTS=write dotnet test tests/AgentFunctions.Browser</c> writes them and <see cref="Pictures"/> anew.
/// </remarks>
internal static partial class AriaSnapshot
{
    /// <summary>How often the same is seen before it counts: parts of a screen come after one another.</summary>
    private const int Looks = 400;

    /// <summary>How often it is looked at in vain before it is written down.</summary>
    private const int LooksForPictures = 60;

    /// <summary>The page's main part is what it was, as soon as all of it is there.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">The screen.</param>
    public static async Task AssertAsync(IPage page, string name)
    {
        string file = Path.Combine(Folder(), $"{name}.yml");
        string wanted = !Pictures.AreTaken ? await File.ReadAllTextAsync(file) : "";
        string seen = "";
        int looks = 0;
        await Poll.UntilAsync(
            async () =>
            {
                string before = seen;
                seen = Steady(await page.Locator("main").AriaSnapshotAsync()) + "\n";
                looks = seen == before ? looks + 1 : 0;
                return seen == wanted || looks == (Pictures.AreTaken ? LooksForPictures : Looks);
            },
            TestContext.CurrentContext.CancellationToken);
        if (Pictures.AreTaken)
        {
            Directory.CreateDirectory(Folder());
            await File.WriteAllTextAsync(file, seen);
        }
        else
        {
            Assert.That(seen.Split('\n'), Is.EqualTo(wanted.Split('\n')),
                $"{name}: what a screen reader is told. If that is meant, write it anew as {nameof(AriaSnapshot)} says.");
        }
    }

    private static string Steady(string snapshot)
    {
        string text = Id().Replace(Host().Replace(snapshot, ""), "ID");
        text = Hash().Replace(text, "HASH");
        text = Date().Replace(text, "DATE");
        text = Clock().Replace(text, "TIME");
        return Age().Replace(text, "AGE");
    }

    private static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Snapshots");

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Host();

    [GeneratedRegex(@"\b[0-9a-z]{26}\b|\b[0-9a-z]{5}…[0-9a-z]{4}\b")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b(?=[a-f]*\d)[0-9a-f]{6,64}\b…?")]
    private static partial Regex Hash();

    [GeneratedRegex(
        @"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}(?:, \d{4})?\b"
        + @"|\b\d{4}-\d\d-\d\d\b|\d{8}T\d{6,}Z\b")]
    private static partial Regex Date();

    [GeneratedRegex(@"\b\d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?")]
    private static partial Regex Clock();

    [GeneratedRegex(@"\b\d+(?:\.\d+)? ?(?:ms|s|m|min|h|d)\b(?: \d+(?:\.\d+)?(?: ?(?:ms|s|m|min|h|d)\b)?)?")]
    private static partial Regex Age();
}
