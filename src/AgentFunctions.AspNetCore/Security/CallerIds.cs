namespace AgentFunctions.AspNetCore.Security;

/// <summary>Keeps the ids and roles of callers that others name apart from the host's own.</summary>
internal static class CallerIds
{
    private const int MaxId = 256;
    private const int MaxRole = 64;
    private const int MaxRoles = 64;

    /// <summary>What the ids of the host's own callers begin with.</summary>
    private static readonly string[] Own = ["key", "host-key", "local", "run", "monitor", "orchestration"];

    /// <summary>Whether ids with that beginning are the host's own.</summary>
    public static bool IsOwn(string beginning) => Own.Contains(beginning, StringComparer.OrdinalIgnoreCase);

    /// <summary>What the ids of callers begin with that Azure's authentication names.</summary>
    public const string Principals = "user";

    /// <summary>Whether ids with that beginning are those of Azure's authentication.</summary>
    public static bool IsPrincipals(string beginning) => Principals.Equals(beginning, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Finds the issuer whose callers' ids begin so; <see langword="null"/> if there is none. People do not tell ids by case.
    /// </summary>
    /// <returns>The issuer's place in the configuration.</returns>
    public static string? FindIssuer(ApiOptions options, string beginning) => options.Oidc.Index()
        .Where(one => beginning.Equals(one.Item.Name, StringComparison.OrdinalIgnoreCase))
        .Select(static one => $"Api:Oidc:{one.Index}").FirstOrDefault();

    /// <summary>Whether a text can be the beginning of an id.</summary>
    public static bool IsBeginning(string? text) =>
        text is { Length: > 0 and <= 64 } && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>
    /// Makes the caller; <see langword="null"/> if it would have no id, one that breaks lines, or one of the host's own.
    /// </summary>
    public static Caller? TryCreate(string? id, IEnumerable<string> roles) =>
        string.IsNullOrWhiteSpace(id) || id.Length > MaxId || id.Any(char.IsControl) || IsOwn(id.Split(':')[0].Trim())
            ? null
            // '*' stands for every role, and is the local caller's alone.
            : new Caller(id)
            {
                Roles = [.. roles.Where(static role => role is { Length: > 0 and <= MaxRole }
                and not "*").Distinct().Take(MaxRoles)]
            };
}
