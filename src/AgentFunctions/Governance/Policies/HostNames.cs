using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Policies;

/// <summary>Finds the hosts that a call's arguments name: of addresses anywhere in any text, and of e-mail addresses.</summary>
internal static class HostNames
{
    // Linear time whatever the text: arguments are the model's, and long.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly Regex Address = new(@"(?:[A-Za-z][A-Za-z0-9+.\-]{0,20}:)?//[^\s""'<>`|\\]+", Linear);

    // Browsers' parsers, which many tools use, take any number of slashes and backslashes for two.
    private static readonly Regex LooseAddress =
        new(@"(?:[Hh][Tt][Tt][Pp][Ss]?|[Ww][Ss][Ss]?|[Ff][Tt][Pp]):[/\\]*[^\s""'<>`|/\\]+", Linear);

    private static readonly Regex EmailDomain = new(@"[\w.+\-\\#?]@([A-Za-z0-9][A-Za-z0-9.\-]*\.[A-Za-z]{2,24})", Linear);

    private static readonly string[] HostArguments = ["host", "hostname", "server", "domain"];

    public static IReadOnlyList<string> Of(JsonElement arguments)
    {
        var hosts = new SortedSet<string>(StringComparer.Ordinal);
        Collect(arguments, null, hosts);
        return [.. hosts];
    }

    private static void Collect(JsonElement value, string? name, SortedSet<string> hosts)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    Collect(member.Value, member.Name, hosts);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Collect(item, name, hosts);
                }

                break;
            case JsonValueKind.String:
                Collect(value.GetString()!, name, hosts);
                break;
        }
    }

    private static void Collect(string text, string? name, SortedSet<string> hosts)
    {
        if (text.Contains("//", StringComparison.Ordinal))
        {
            foreach (ValueMatch match in Address.EnumerateMatches(text))
            {
                // The parser that will make the call decides what the host is: "good.example@evil.example" is evil.example.
                string address = text.Substring(match.Index, match.Length);
                if (Uri.TryCreate(address.StartsWith("//", StringComparison.Ordinal) ? "http:" + address : address,
                    UriKind.Absolute, out Uri? uri)
                    && uri.IdnHost.Length > 0)
                {
                    hosts.Add(Normal(uri.IdnHost));
                }
            }
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            foreach (ValueMatch match in LooseAddress.EnumerateMatches(text))
            {
                string address = text.Substring(match.Index, match.Length);
                int colon = address.IndexOf(':', StringComparison.Ordinal);
                if (Uri.TryCreate($"{address[..colon]}://{address[(colon + 1)..].TrimStart('/', '\\')}", UriKind.Absolute,
                    out Uri? uri) && uri.IdnHost.Length > 0)
                {
                    hosts.Add(Normal(uri.IdnHost));
                }
            }
        }

        if (text.Contains('@', StringComparison.Ordinal))
        {
            foreach (Match match in EmailDomain.Matches(text))
            {
                hosts.Add(Normal(match.Groups[1].Value));
            }
        }

        if (text.Length is > 0 and <= 255 && HostArguments.Contains(name, StringComparer.OrdinalIgnoreCase)
            && !text.Contains('/', StringComparison.Ordinal))
        {
            hosts.Add(Normal(text.Split(':')[0]));
        }
    }

    private static string Normal(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
}
