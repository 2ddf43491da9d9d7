using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// Represents the settings whose Key Vault reference the platform has not resolved. It then leaves the text of the reference,
/// which is no secret: taken as a key, everybody who has read the template could call.
/// </summary>
/// <param name="Settings">The names of the settings, such as <c>Api:Key</c>.</param>
internal sealed record KeyVaultReferences(IReadOnlyList<string> Settings)
{
    private const string Reference = "@Microsoft.KeyVault(";

    /// <summary>Takes unresolved references out of the configuration: what reads such a setting finds it missing.</summary>
    /// <param name="configuration">The app's configuration.</param>
    public static KeyVaultReferences TakeFrom(IConfigurationManager configuration)
    {
        string[] unresolved =
        [
            .. configuration.AsEnumerable()
                .Where(static setting => setting.Value?.TrimStart()
                    .StartsWith(Reference, StringComparison.OrdinalIgnoreCase) == true)
                .Select(static setting => setting.Key),
        ];
        if (unresolved.Length > 0)
        {
            configuration.AddInMemoryCollection(unresolved.Select(static name => KeyValuePair.Create(name, (string?)null)));
        }

        return new KeyVaultReferences(unresolved);
    }

    /// <summary>Describes what to do about a setting.</summary>
    /// <param name="setting">The name of the setting.</param>
    public static string Describe(string setting) =>
        $"{setting}: the Key Vault reference is not resolved. Give the app's identity the role Key Vault Secrets User on the secret, check "
        + "its address and keyVaultReferenceIdentity, and restart the app.";
}
