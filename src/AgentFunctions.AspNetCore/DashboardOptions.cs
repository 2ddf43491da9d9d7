using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.AspNetCore;

/// <summary>Represents how the dashboard is served, bound to <c>Api:Dashboard</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>Gets or sets whether the dashboard is served.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the path of the dashboard below the address at which the runtime is mapped.</summary>
    /// <value>
    /// The default is <c>/dashboard</c>. Use segments of letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, each with a slash in
    /// front.
    /// </value>
    [RegularExpression(
        "(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}){1,8}",
        ErrorMessage = "Api:Dashboard:PathBase: use segments of letters, digits, '-', '_' and '.', each with a slash in front, such as /dashboard.")]
    public string PathBase { get; set; } = "/dashboard";

    /// <summary>
    /// Gets or sets the path of this host to which the dashboard sends a person to sign in to the app or the platform.
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>: <c>/.auth/login/aad</c> if <see cref="ApiOptions.TrustFunctionsPrincipal"/> is set;
    /// otherwise the page only asks the person to sign in to the app.
    /// </value>
    [RegularExpression("/(?![/\\\\])[!-~]*",
        ErrorMessage = "Api:Dashboard:SignIn: use a path of this host, such as /account/login.")]
    public string? SignIn { get; set; }

    /// <summary>
    /// Gets or sets a folder from which the dashboard's files are read on each request, for work on the dashboard itself. The
    /// host then may listen on this machine only.
    /// </summary>
    /// <value>The default is <see langword="null"/>: the files of the library.</value>
    public string? AssetsFolder { get; set; }
}
