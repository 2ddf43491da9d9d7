using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Policies;

/// <summary>Finds the hosts that a call's arguments name: of addresses anywhere in any text, and of e-mail addresses.</summary>
internal static class HostNames
{
    // Linear time whatever the text: arguments are the model's, and long.
    private static readonly Regex EmailDomain = new(
        @"[\w.+\-\\#?]@([A-Za-z0-9][A-Za-z0-9.\-]*\.[A-Za-z]{2,24})",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

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
        new AddressHosts(hosts).Find(text);
        if (text.Contains('@', StringComparison.Ordinal))
        {
            foreach (Match match in EmailDomain.Matches(text))
            {
                hosts.Add(Normal(match.Groups[1].Value));
            }
        }

        if (HostArguments.Contains(name, StringComparer.OrdinalIgnoreCase) && !text.Contains("//", StringComparison.Ordinal))
        {
            string host = text.Split('/', '\\', '?', '#')[0];
            host = Uri.UnescapeDataString(host[(host.LastIndexOf('@') + 1)..]).Split(':')[0];
            if (host.Length is > 0 and <= 255)
            {
                hosts.Add(Normal(host));
            }
        }
    }

    /// <summary>A host as rules compare it.</summary>
    internal static string Normal(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();
}
