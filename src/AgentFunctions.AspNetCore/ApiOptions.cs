using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using AgentFunctions.AspNetCore.Security;

namespace AgentFunctions.AspNetCore;

/// <summary>How the HTTP API guards itself; bound to the configuration section <c>Api</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Api";

    /// <summary>
    /// The host's own key, which its holders send as <c>Authorization: Bearer</c>, at least 16 characters. By default
    /// <see langword="null"/>: where nothing else authenticates callers, programs on this machine need none, and the host
    /// refuses to listen to others.
    /// </summary>
    [MinLength(16, ErrorMessage = "Api:Key: use at least 16 characters.")]
    public string? Key { get; set; }

    /// <summary>
    /// Whether the header <c>X-MS-CLIENT-PRINCIPAL</c> is believed; false by default. Set it only where Azure's own
    /// authentication stands in front of the app and takes the header from everybody else.
    /// </summary>
    public bool TrustFunctionsPrincipal { get; set; }

    /// <summary>The issuers whose tokens callers may send besides keys; none by default.</summary>
    public IList<OidcOptions> Oidc { get; } = [];

    /// <summary>Gets how the users that the app signs in become callers. <see cref="CallerFrom"/> replaces it.</summary>
    public UserOptions Users { get; } = new();

    /// <summary>
    /// The host names under which callers without credentials are served besides <c>localhost</c>, <c>127.0.0.1</c> and
    /// <c>[::1]</c>; none by default. Who has credentials may use any name that leads here.
    /// </summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>
    /// Gets the origins whose pages may read answers and change things here, exactly as browsers send them, such as
    /// <c>https://app.example.org</c>; none by default. Pages of another origin must send a key or token themselves:
    /// what a browser adds by itself, such as a cookie, does not count for them.
    /// </summary>
    public IList<string> Origins { get; } = [];

    /// <summary>
    /// Gets or sets the address under which people reach the runtime: scheme, host and the path that it is mapped below. Links in
    /// notifications begin with it.
    /// </summary>
    /// <value>The default is <see langword="null"/>: links begin with that path alone.</value>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// Gets the addresses and networks (<c>10.0.0.0/8</c>) of the proxies whose <c>X-Forwarded-For</c> is believed: where a request is
    /// from counts if it has no credentials. None by default. An app that uses forwarded headers itself needs none.
    /// </summary>
    public IList<string> Proxies { get; } = [];

    /// <summary>
    /// How many requests a second each caller may make, and in a burst ten times as many; those beyond it are answered with 429.
    /// Requests without valid credentials are counted by address. 100 by default, 0 for no limit; a host without keys sets none.
    /// </summary>
    [Range(0, 1_000_000, ErrorMessage = "Api:RequestsPerSecond: use 0 to 1,000,000.")]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>How often an event stream without events sends a sign of life; 15 seconds by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "Api:Heartbeat: use 0.1 seconds to 10 minutes.")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Gets or sets after how long an event stream ends by itself, though the run goes on; clients come back with the position
    /// that they have.
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>, which is no limit; on Functions 10 minutes, and never more than
    /// <c>functionTimeout</c> allows. The range is 1 second to 1 day.
    /// </value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Api:StreamLifetime: use 1 second to 1 day.")]
    public TimeSpan? StreamLifetime { get; set; }

    internal Func<ClaimsPrincipal, Caller?>? CallerMapping { get; private set; }

    /// <summary>Sets how a user that the app has signed in becomes a caller.</summary>
    /// <param name="caller">
    /// Returns the caller, or <see langword="null"/> for a user that may not call. Whoever the same person signs in as must get the same
    /// id, and nobody else may: separation of duties and the audit log go by it.
    /// </param>
    public void CallerFrom(Func<ClaimsPrincipal, Caller?> caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        CallerMapping = caller;
    }

    /// <summary>
    /// Ensures that callers are authenticated if any of the addresses can be reached from other machines. The API checks this when it starts; a
    /// host that opens files before then asks first.
    /// </summary>
    /// <param name="addresses">The addresses that the host is to listen on, for example <c>http://127.0.0.1:7071</c>.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: an address is open to others, and neither a key nor an issuer is set.</exception>
    public void EnsureProtected(IEnumerable<string> addresses) => ListenCheck.Ensure(addresses, this);
}
