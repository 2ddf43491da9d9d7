using System.Data.Common;
using Azure.Core;
using Azure.Identity;

namespace AgentFunctions.AzureFunctions.Telemetry;

/// <summary>
/// Chooses how the worker signs in to Application Insights as the Functions host does: by identity if
/// <c>APPLICATIONINSIGHTS_AUTHENTICATION_STRING</c> says <c>Authorization=AAD</c>, otherwise by the connection string alone.
/// </summary>
internal static class TelemetryCredential
{
    public const string Setting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>Reads the setting.</summary>
    /// <param name="setting">Such as <c>ClientId=…;Authorization=AAD</c>; <see langword="null"/> for none.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it cannot be read.</exception>
    public static TokenCredential? Of(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
        {
            return null;
        }

        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = setting;
        }
        catch (ArgumentException e)
        {
            throw Unreadable(e);
        }

        if (!parts.TryGetValue("Authorization", out object? authorization)
            || !"AAD".Equals(authorization as string, StringComparison.OrdinalIgnoreCase))
        {
            throw Unreadable(null);
        }

        string? clientId = parts.TryGetValue("ClientId", out object? id) ? id as string : null;
        return new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = clientId });
    }

    private static AgentException Unreadable(Exception? cause) => new(
        ErrorCode.InvalidInput, $"{Setting}: use 'Authorization=AAD', with 'ClientId=…;' before it for a user-assigned identity.",
        cause);
}
