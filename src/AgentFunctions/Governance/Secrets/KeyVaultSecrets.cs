using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Core;
using Azure.Identity;

namespace AgentFunctions.Governance.Secrets;

/// <summary>Secrets of an Azure Key Vault, read with the host's own identity.</summary>
/// <remarks>The REST API: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret.</remarks>
internal sealed class KeyVaultSecrets(Uri vault, IHttpClientFactory http, TokenCredential? credential, TimeProvider time) : ISecretSource
{
    /// <summary>The name of the HTTP client that speaks to the vault.</summary>
    public const string HttpClientName = "AgentFunctions.KeyVault";

    private const string ApiVersion = "7.4";
    private const int MaxBytes = 256 * 1024;

    /// <summary>A value this old is asked for again: a vault allows some thousand requests in ten seconds, and secrets are rotated.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private static readonly string[] Scopes = ["https://vault.azure.net/.default"];

    private readonly ConcurrentDictionary<string, (string Value, DateTimeOffset Until)> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lazy<TokenCredential> _credential = new(() => credential ?? new DefaultAzureCredential());

    public string Name => $"the key vault {vault.Host}";

    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        // A vault's names have neither '_' nor '.'.
        name = name.Replace('_', '-').Replace('.', '-');
        if (_known.TryGetValue(name, out (string Value, DateTimeOffset Until) known) && known.Until > time.GetUtcNow())
        {
            return known.Value;
        }

        try
        {
            if (await GetAsync(name, cancellationToken).ConfigureAwait(false) is not { } value)
            {
                return null;
            }

            _known[name] = (value, time.GetUtcNow() + Lifetime);
            return value;
        }
        catch (Exception e) when (e is HttpRequestException or AuthenticationFailedException or JsonException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AgentException(ErrorCode.ToolUnavailable, $"The secret '{name}' could not be read from {Name}: {e.Message}", e);
        }
    }

    private async Task<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        AccessToken token = await _credential.Value.GetTokenAsync(new TokenRequestContext(Scopes), cancellationToken).ConfigureAwait(false);
        using HttpClient client = http.CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(vault, $"/secrets/{Uri.EscapeDataString(name)}?api-version={ApiVersion}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken).ConfigureAwait(false);
        JsonElement secret = JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        return secret.TryGetProperty("value", out JsonElement value) ? value.GetString() : null;
    }
}
