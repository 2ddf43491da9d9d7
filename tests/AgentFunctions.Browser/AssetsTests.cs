using System.IO.Compression;
using System.Text.RegularExpressions;
using AgentFunctions.AspNetCore;

namespace AgentFunctions.Browser;

/// <summary>The rules and the budget of what the browser gets, read from the files that are embedded.</summary>
internal sealed partial class AssetsTests
{
    private const string Prefix = "Dashboard/";
    private const int MaxBytes = 90_000;
    private const int MaxFiles = 18;
    private const int MaxLines = 6_500;

    private static readonly Dictionary<string, string> Files = typeof(ApiOptions).Assembly.GetManifestResourceNames()
        .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(static name => name[Prefix.Length..], Read);

    [Test]
    public void Files_All_NothingParsesHtmlOrRunsText() =>
        Assert.That(Files.SelectMany(file => Forbidden().Matches(file.Value).Select(match => $"{file.Key}: {match.Value}")), Is.Empty);

    [Test]
    public void Files_All_AddressesAreRelative() =>
        Assert.That(
            Files.SelectMany(file => Foreign().Matches(file.Value).Select(match => match.Value)
                .Where(address => address != "http://www.w3.org/2000/svg").Select(address => $"{file.Key}: {address}")),
            Is.Empty);

    [Test]
    public void Imports_All_NameAFileBesideThem() =>
        Assert.That(
            Files.SelectMany(file => Import().Matches(file.Value).Select(match => match.Groups[1].Value).Where(name => !Files.ContainsKey(name))),
            Is.Empty);

    [Test]
    public void Files_Together_AreWithinTheBudget()
    {
        Assert.That(Files.Values.Sum(Compressed), Is.LessThanOrEqualTo(MaxBytes), "bytes");
        Assert.That(Files, Has.Count.LessThanOrEqualTo(MaxFiles), "files");
        Assert.That(Files.Values.Sum(static text => text.Count(static c => c == '\n')), Is.LessThanOrEqualTo(MaxLines), "lines");
        Assert.That(Compressed(Files["index.html"]), Is.LessThanOrEqualTo(3_000), "shell");
    }

    private static int Compressed(string text)
    {
        using var bytes = new MemoryStream();
        using (var brotli = new BrotliStream(bytes, new BrotliCompressionOptions { Quality = 9 }))
        {
            brotli.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        return bytes.ToArray().Length;
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(ApiOptions).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|\sstyle=", RegexOptions.CultureInvariant)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"(?<=['""`(])(?:https?:)?//[a-z0-9][^\s'""`)%]*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"(?:from|import\()\s*'\./([^']+)'", RegexOptions.CultureInvariant)]
    private static partial Regex Import();
}
