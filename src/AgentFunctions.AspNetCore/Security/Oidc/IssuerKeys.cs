using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.AspNetCore.Security.Oidc;

/// <summary>
/// The keys that an issuer signs with, from its published configuration (OpenID Connect Discovery 1.0). Kept for half a day; a
/// token of a key that is not among them makes the host ask again, but not more often than the options say.
/// </summary>
internal sealed class IssuerKeys(OidcOptions options, HttpClient http, ILogger logger, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(12);

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile Known? _known;
    private long? _askedAt;

    /// <summary>The keys that may have signed a token.</summary>
    /// <param name="id">The key that the token names; empty where it names none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: they could never be fetched.</exception>
    public async Task<IReadOnlyList<SecurityKey>> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!Suffices(id))
        {
            await _fetching.WaitAsync(cancellationToken);
            try
            {
                if (!Suffices(id) && (_askedAt is not { } asked || time.GetElapsedTime(asked) >= options.KeyRefresh))
                {
                    // For all who come meanwhile, and not again soon: no caller's to stop. The client has a time-out of its own.
                    await FetchAsync();
                }
            }
            finally
            {
                _fetching.Release();
            }
        }

        IReadOnlyList<SecurityKey> keys = _known?.Keys
            ?? throw new AgentException(ErrorCode.EngineUnavailable,
                $"The keys of {options.Issuer} could not be fetched; repeat it later.");
        return [.. keys.Where(key => id.Length == 0 || key.KeyId == id)];
    }

    public void Dispose() => _fetching.Dispose();

    private bool Suffices(string id) => _known is { } known
        && time.GetElapsedTime(known.At) < MaxAge
        && (id.Length == 0 || known.Keys.Any(key => key.KeyId == id));

    private async Task FetchAsync()
    {
        _askedAt = time.GetTimestamp();
        try
        {
            JsonElement configuration = await http.GetFromJsonAsync<JsonElement>(
                $"{options.Issuer!.TrimEnd('/')}/.well-known/openid-configuration");
            if (configuration.GetProperty("issuer").GetString() != options.Issuer
                || !Uri.TryCreate(configuration.GetProperty("jwks_uri").GetString(), UriKind.Absolute, out Uri? address)
                || !OidcOptionsValidator.IsSafe(address))
            {
                throw new JsonException("The configuration is another issuer's, or its keys are at no https address.");
            }

            var set = new JsonWebKeySet(await http.GetStringAsync(address));
            _known = new Known([.. set.GetSigningKeys()], time.GetTimestamp());
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException
            or ArgumentException or OperationCanceledException)
        {
            // The keys that are known stay good until the issuer can be asked again.
            ApiLog.IssuerKeysNotFetched(logger, options.Issuer!, e.Message);
        }
    }

    private sealed record Known(IReadOnlyList<SecurityKey> Keys, long At);
}
