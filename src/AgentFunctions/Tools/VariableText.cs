using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tools;

/// <summary>
/// Texts with <c>${VAR}</c> and <c>${VAR:-default}</c> in them, looked up in the environment and then in the host's
/// configuration: the one way in for secrets of tool servers and APIs.
/// </summary>
internal sealed partial class VariableText(IConfiguration? configuration)
{
    /// <summary>Whether a text takes anything from outside.</summary>
    /// <param name="text">The text.</param>
    public static bool HasReference(string text) => Reference().IsMatch(text);

    /// <summary>The text with its variables' values.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">Where it stands, for the error.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a variable without a default is not set.</exception>
    public string Expand(string text, string place) => Reference().Replace(text, match =>
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
    });

    private string? Find(string name) =>
        Environment.GetEnvironmentVariable(name) ?? configuration?[name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)];

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?<default>[^}]*))?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
