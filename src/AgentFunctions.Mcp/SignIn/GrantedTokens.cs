using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Secrets;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Gets tokens without a person, by the host's own credentials or a refresh token from configuration.</summary>
internal sealed class GrantedTokens(
    McpServerDefinition server, Uri endpoint, Uri tokenEndpoint, VariableText variables, HttpMessageInvoker http,
    McpSecrets secrets, TimeProvider time) : IDisposable
{
    /// <summary>A token that is about to expire is not used any more.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>How long a token is used whose answer does not say it.</summary>
    private static readonly TimeSpan UsualLife = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _token;
    private string? _refreshToken;
    private DateTimeOffset _until;

    public void Dispose() => _gate.Dispose();

    /// <summary>Gets a token.</summary>
    /// <param name="refused">A token that the server has refused; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolUnavailable"/>: no token is to be had.</exception>
    public async Task<string> GetAsync(string? refused, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _token is { } known && known != refused && time.GetUtcNow() < _until
                ? known
                : await AskAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        ToolServerSignIn signIn = server.SignIn!;
        Task<string> Expand(string text, string field) =>
            variables.ExpandAsync(text, $"{server.Origin}: mcpServers.{server.Name}.oauth.{field}", cancellationToken);
        string? secret = signIn.ClientSecret is { } configured
            ? await Expand(configured, "clientSecret").ConfigureAwait(false)
            : null;
        secrets.Add(secret);
        var form = new Dictionary<string, string> { ["resource"] = endpoint.AbsoluteUri };
        if (signIn.Grant == SignInGrant.ClientCredentials)
        {
            form["grant_type"] = "client_credentials";
        }
        else
        {
            _refreshToken ??= await Expand(signIn.RefreshToken!, "refreshToken").ConfigureAwait(false);
            secrets.Add(_refreshToken);
            (form["grant_type"], form["refresh_token"]) = ("refresh_token", _refreshToken);
        }

        if (signIn.Scopes.Count > 0)
        {
            form["scope"] = string.Join(' ', signIn.Scopes);
        }

        string client = await Expand(signIn.ClientId!, "clientId").ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Post, tokenEndpoint);
        if (secret is null)
        {
            form["client_id"] = client;
        }
        else
        {
            string basic = $"{Uri.EscapeDataString(client)}:{Uri.EscapeDataString(secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic",
                Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(basic)));
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Content = new FormUrlEncodedContent(form);
        return await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        string text;
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, either.Token).ConfigureAwait(false);
            text = await response.Content.ReadAsStringAsync(either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Refused(string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)response.StatusCode}{ErrorOf(text)}"));
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Refused(e is OperationCanceledException ? "it did not answer" : e.Message);
        }

        using JsonDocument answer = Parse(text);
        string? Text(string name) =>
            answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        _token = Text("access_token") ?? throw Refused("its answer has no access_token");
        _refreshToken = Text("refresh_token") ?? _refreshToken;
        secrets.Add(_token, _refreshToken);
        TimeSpan life = answer.RootElement.TryGetProperty("expires_in", out JsonElement seconds)
            && seconds.TryGetDouble(out double given) && given is > 0 and < 1e9
            ? TimeSpan.FromSeconds(given)
            : UsualLife;
        _until = time.GetUtcNow() + (life > 2 * Margin ? life - Margin : life / 2);
        return _token;
    }

    private JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            throw Refused("its answer is no JSON");
        }
    }

    /// <summary>The code of an error alone: descriptions may repeat what was sent.</summary>
    private static string ErrorOf(string text)
    {
        try
        {
            using JsonDocument answer = JsonDocument.Parse(text);
            return answer.RootElement.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String
                && error.GetString() is { Length: < 64 } code
                && code.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? $", {code}" : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private AgentException Refused(string why) => new(
        ErrorCode.ToolUnavailable,
        $"The tool server '{server.Name}' has no token: {tokenEndpoint.GetLeftPart(UriPartial.Authority)} refused the host ({why}). "
        + $"Look at oauth of the server in {server.Origin}.");
}
