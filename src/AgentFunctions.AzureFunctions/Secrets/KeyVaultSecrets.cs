using System.Collections.Concurrent;
using AgentFunctions.Governance.Secrets;
using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;

namespace AgentFunctions.AzureFunctions.Secrets;

/// <summary>Secrets of an Azure Key Vault, read with the host's own identity.</summary>
internal sealed class KeyVaultSecrets : ISecretSource
{
    /// <summary>
    /// A value this old is asked for again: a vault allows some thousand requests in ten seconds, and secrets are rotated.
    /// </summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (string Value, DateTimeOffset Until)> _known =
        new(StringComparer.OrdinalIgnoreCase);
    private readonly Uri? _vault;
    private readonly Lazy<SecretClient> _client;
    private readonly TimeProvider _time;

    /// <param name="vault">The vault's address; <see langword="null"/> if the configuration names none.</param>
    /// <param name="credential">The host's identity; <see langword="null"/> for the default one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">How the vault is asked; <see langword="null"/> for the usual way.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the address is not https.</exception>
    public KeyVaultSecrets(Uri? vault, TokenCredential? credential, TimeProvider time, SecretClientOptions? options = null)
    {
        _vault = vault is null || vault.Scheme == Uri.UriSchemeHttps ? vault : throw new AgentException(
            ErrorCode.InvalidInput,
            $"Governance:KeyVault: '{vault}' is not an https address. Use https: the token of the host must not be sent in plain text.");
        _client = new(() => new SecretClient(vault, credential ?? new DefaultAzureCredential(),
            options ?? new SecretClientOptions()));
        _time = time;
    }

    public string Name => $"the key vault {_vault?.Host}";

    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_vault is null)
        {
            return null;
        }

        // A vault's names have neither '_' nor '.'.
        name = name.Replace('_', '-').Replace('.', '-');
        if (_known.TryGetValue(name, out (string Value, DateTimeOffset Until) known) && known.Until > _time.GetUtcNow())
        {
            return known.Value;
        }

        try
        {
            KeyVaultSecret secret = await _client.Value.GetSecretAsync(name, null, cancellationToken);
            _known[name] = (secret.Value, _time.GetUtcNow() + Lifetime);
            return secret.Value;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (Exception e) when (e is RequestFailedException or AuthenticationFailedException or AggregateException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AgentException(ErrorCode.ToolUnavailable, $"The secret '{name}' could not be read from {Name}: {e.Message}",
                e);
        }
    }
}
