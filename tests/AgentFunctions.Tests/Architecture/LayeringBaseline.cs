namespace AgentFunctions.Tests.Architecture;

/// <summary>The exceptions that <c>layering-baseline.txt</c> still allows. They only become fewer.</summary>
internal static class LayeringBaseline
{
    private static string FilePath =>
        Path.Combine(Repository.Root, "tests/AgentFunctions.Tests/Architecture/layering-baseline.txt");

    /// <summary>Fails when there is an exception that the file does not allow, and when it allows one that is no more.</summary>
    /// <param name="kind">The first word of the lines that these are.</param>
    /// <param name="found">The exceptions there are.</param>
    /// <param name="remedy">What to do about a new one.</param>
    public static void Compare(string kind, IEnumerable<string> found, string remedy)
    {
        string[] now = [.. found.Select(line => $"{kind} {line}").Distinct().Order(StringComparer.Ordinal)];
        string[] allowed = [.. File.ReadLines(FilePath).Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal))];
        string[] added = [.. now.Except(allowed)];
        string[] stale = [.. allowed.Except(now)];
        TestContext.Out.WriteLine($"{kind}: {now.Length} exceptions");
        Assert.Multiple(() =>
        {
            Assert.That(added, Is.Empty, Listed(remedy, added));
            Assert.That(stale, Is.Empty,
                Listed("Take what is no more out of layering-baseline.txt (the test RemoveStaleLines does it).", stale));
        });
    }

    /// <summary>Takes the lines of one kind that are no more out of the file.</summary>
    /// <param name="kind">The first word of the lines.</param>
    /// <param name="found">The exceptions there are.</param>
    public static void RemoveStale(string kind, IEnumerable<string> found)
    {
        HashSet<string> now = [.. found.Select(line => $"{kind} {line}")];
        string[] kept = [.. File.ReadLines(FilePath)
            .Where(line => !line.StartsWith(kind + " ", StringComparison.Ordinal) || now.Contains(line))];
        File.WriteAllLines(FilePath, kept);
    }

    private static string Listed(string remedy, string[] lines) => string.Join('\n', lines.Prepend(remedy));
}
