namespace AgentFunctions.AspNetCore.Security;

/// <summary>Where the page is from that made a request in a browser.</summary>
internal enum PageOrigin
{
    /// <summary>From this host itself, or no page at all.</summary>
    Own,

    /// <summary>From another origin that the host allows.</summary>
    Allowed,

    /// <summary>From another origin.</summary>
    Refused,
}
