using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>The table of rooms in <c>docs/architecture.md</c>: what each may use.</summary>
internal sealed partial class RoomTable
{
    /// <summary>The room that registers services: it may use all others.</summary>
    public const string Hosting = "Hosting";

    private readonly Dictionary<string, HashSet<string>> _mayUse = new(StringComparer.Ordinal);

    private RoomTable()
    {
    }

    public IReadOnlyCollection<string> Rooms => _mayUse.Keys;

    public static RoomTable Read()
    {
        var table = new RoomTable();
        string rooms = Repository.Text("docs/architecture.md").Split("\n## ")
            .Single(static section => section.StartsWith("Rooms\n", StringComparison.Ordinal));
        foreach (Match row in Row().Matches(rooms))
        {
            string uses = row.Groups["uses"].Value;
            table._mayUse.Add(row.Groups["room"].Value,
                [.. uses.Split(',', StringSplitOptions.TrimEntries).Where(static use => use is not ("–" or "all"))]);
        }

        return table;
    }

    public IReadOnlySet<string> UsesOf(string room) => _mayUse[room];

    public bool Allows(string from, string to) =>
        from == to || from == Hosting || (_mayUse.TryGetValue(from, out HashSet<string>? uses) && uses.Contains(to));

    /// <summary>The room of a namespace: the longest that it begins with.</summary>
    /// <param name="name">The namespace.</param>
    public string RoomOf(string name)
    {
        if (name == "Microsoft.Extensions.DependencyInjection")
        {
            return Hosting;
        }

        string within = name.StartsWith("AgentFunctions.", StringComparison.Ordinal) ? name["AgentFunctions.".Length..] : "Core";
        for (string at = within; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOf('.'))])
        {
            if (_mayUse.ContainsKey(at))
            {
                return at;
            }
        }

        return within;
    }

    [GeneratedRegex(@"^\| `(?<room>[A-Za-z.]+)` \| (?<uses>[^|]+) \|", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Row();
}
