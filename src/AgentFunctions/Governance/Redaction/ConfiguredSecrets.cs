using System.Collections;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Finds the secrets that the host was configured with, by the names that secrets have.</summary>
internal static partial class ConfiguredSecrets
{
    public static void AddTo(Redactor redactor, IConfiguration configuration)
    {
        foreach ((string key, string? value) in configuration.AsEnumerable())
        {
            if (value is not null
                && (IsSecret(key[(key.LastIndexOf(':') + 1)..])
                    || key.StartsWith("Secrets:", StringComparison.OrdinalIgnoreCase)))
            {
                redactor.Add(key.Replace(':', '.'), value);
            }
        }

        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable is { Key: string name, Value: string value } && IsSecret(name))
            {
                redactor.Add(name, value);
            }
        }
    }

    /// <summary>Every shell sets these two: they name folders, and a folder's path must stay readable.</summary>
    internal static bool IsSecret(string name) =>
        name.ToUpperInvariant() is not ("PWD" or "OLDPWD") && SecretName().IsMatch(name);

    [GeneratedRegex("(^|[_a-z])(Api_?Key|Key|Secret|Password|Passwd|Pwd|Token|ConnectionString)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();
}
