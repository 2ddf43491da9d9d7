using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Governance.Secrets;

/// <summary>
/// Texts with <c>${VAR}</c> or <c>${env:VAR}</c>, <c>${VAR:-default}</c> and <c>${secret:NAME}</c> in them. Variables are looked
/// up in the environment and then in the host's configuration, secrets where <see cref="SecretResolver"/> finds them: the one way
/// in for secrets of tool servers, APIs and webhooks.
/// </summary>
internal sealed partial class VariableText(IConfiguration? configuration, SecretResolver? secrets)
{
    /// <summary>Whether a text takes anything from outside.</summary>
    /// <param name="text">The text.</param>
    public static bool HasReference(string text) => Reference().IsMatch(text);

    /// <summary>The text with the values of its variables and secrets.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">Where it stands, for the error.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a variable without a default is not set, or there is no such secret.
    /// <see cref="ErrorCode.ToolUnavailable"/>: the place where a secret is kept cannot be reached.
    /// </exception>
    public async Task<string> ExpandAsync(string text, string place, CancellationToken cancellationToken)
    {
        MatchCollection references = Reference().Matches(text);
        if (references.Count == 0)
        {
            return text;
        }

        var expanded = new StringBuilder();
        int end = 0;
        foreach (Match match in references)
        {
            expanded.Append(text, end, match.Index - end);
            expanded.Append(match.Groups["secret"] is { Success: true, Value: var secret }
                ? await SecretAsync(secret, place, cancellationToken).ConfigureAwait(false)
                : Variable(match, place));
            end = match.Index + match.Length;
        }

        return expanded.Append(text, end, text.Length - end).ToString();
    }

    private Task<string> SecretAsync(string name, string place, CancellationToken cancellationToken) =>
        secrets?.ResolveAsync(name, place, cancellationToken)
        ?? throw new AgentException(ErrorCode.InvalidInput,
            $"{place}: this host keeps no secrets, so there is none called '{name}'; add the runtime with AddAgentFunctions.");

    private string Variable(Match match, string place)
    {
        string name = match.Groups["name"].Value;
        if (Find(name) is { Length: > 0 } value)
        {
            return value;
        }

        return match.Groups["default"] is { Success: true } standIn
            ? standIn.Value
            : throw new AgentException(
                ErrorCode.InvalidInput, $"{place}: the variable {name} is not set; set it, or write ${{{name}:-default}}.");
    }

    private string? Find(string name) =>
        Environment.GetEnvironmentVariable(name)
            ?? configuration?[name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)];

    [GeneratedRegex(
        @"\$\{(?:secret:(?<secret>[A-Za-z0-9][A-Za-z0-9_.\-]{0,126})|(?:env:)?(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<default>[^}]*))?)\}",
        RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
