using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Tools;


namespace AgentFunctions.OpenApi;

/// <summary>Represents an HTTP API whose OpenAPI description is offered as tools.</summary>
public sealed class OpenApiOptions
{
    /// <summary>
    /// Gets or sets what its tools' names begin with (<c>name__operation</c>): letters, digits, <c>-</c> and <c>_</c>, at most
    /// 40 characters.
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>
    /// Gets or sets the OpenAPI 3.0 or 3.1 description, JSON or YAML: a file's path, or an http or https address.
    /// </summary>
    public string Document { get; set; } = "";

    /// <summary>
    /// Gets or sets the address that paths are appended to; by default <see langword="null"/>: the description's own first
    /// server.
    /// </summary>
    public string? BaseUrl { get; set; }

    /// <summary>
    /// Gets HTTP headers of every call, for instance <c>Authorization</c>. Secrets are given by reference alone:
    /// <c>${secret:NAME}</c>, looked up in the host's configuration, environment or key vault, or <c>${VAR}</c>, when a call is
    /// made. None by default.
    /// </summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Gets or sets the token of the run that calls carry as <c>Authorization</c>; <see langword="null"/>, the default, for none.
    /// </summary>
    public ToolServerIdentity? Identity { get; set; }

    /// <summary>
    /// Gets or sets the operations that become tools, by operation id; by default <see langword="null"/>: all of them.
    /// </summary>
    public IReadOnlyList<string>? Operations { get; set; }

    /// <summary>Gets or sets how long one call may take; one minute by default.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets the most bytes of an answer that are read; 1 MiB by default.</summary>
    public int ResponseLimit { get; set; } = 1 << 20;

    /// <summary>Gets or sets the most bytes that the files of one call may have together; 16 MiB by default.</summary>
    public int UploadLimit { get; set; } = 16 << 20;

    /// <summary>
    /// Gets or sets the name of the host's HTTP client that makes the calls; one that follows no redirects by default.
    /// </summary>
    public string HttpClientName { get; set; } = DefaultHttpClientName;

    /// <summary>
    /// Gets or sets how long a description that came from an address is used before it is fetched again; five minutes by
    /// default.
    /// </summary>
    public TimeSpan RefreshAfter { get; set; } = TimeSpan.FromMinutes(5);

    internal const string DefaultHttpClientName = "AgentFunctions.OpenApi";

    private static readonly string[] SecretHeaders = ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key"];

    /// <summary>Checks the options.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the option and the remedy.
    /// </exception>
    internal void Validate()
    {
        Require(
            Name.Length is > 0 and <= 40 && Name == ToolNames.Clean(Name) && !ToolNames.IsOfSource(Name + "_"),
            nameof(Name), "use 1 to 40 letters, digits, '-' and '_', no '__', and no '_' at its end");
        Require(!string.IsNullOrWhiteSpace(Document), nameof(Document), "name the description's file or address");
        Require(
            BaseUrl is null || (Uri.TryCreate(BaseUrl, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"),
            nameof(BaseUrl), "use an absolute http or https address");
        Require(Timeout > TimeSpan.Zero, nameof(Timeout), "use a time longer than nothing");
        Require(ResponseLimit > 0, nameof(ResponseLimit), "use at least 1");
        Require(UploadLimit > 0, nameof(UploadLimit), "use at least 1");
        Require(
            Identity is null || !Headers.ContainsKey("Authorization"), nameof(Identity),
            "stands next to Headers.Authorization; keep one of them");
        foreach ((string header, string value) in Headers)
        {
            Require(
                VariableText.HasReference(value) || !SecretHeaders.Contains(header, StringComparer.OrdinalIgnoreCase),
                $"{nameof(Headers)}.{header}", "give the secret by reference, as ${secret:NAME}");
        }
    }

    private void Require(bool condition, string option, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"OpenAPI tools '{Name}': {option}: {remedy}.");
        }
    }
}
