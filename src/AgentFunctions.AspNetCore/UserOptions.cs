namespace AgentFunctions.AspNetCore;

/// <summary>Represents how the users that the app itself signs in become callers; bound to <c>Api:Users</c>.</summary>
public sealed class UserOptions
{
    /// <summary>
    /// Gets or sets what the ids of the app's users begin with.
    /// </summary>
    /// <value><c>user</c> by default, so that the user <c>anna</c> is the caller <c>user:anna</c>.</value>
    public string Name { get; set; } = "user";

    /// <summary>Gets or sets the claim that names the user, such that nobody else has its value.</summary>
    /// <value>By default <see langword="null"/>: the name identifier, else <c>sub</c>.</value>
    public string? NameClaim { get; set; }

    /// <summary>Gets or sets the claim that lists the user's roles.</summary>
    /// <value>By default <see langword="null"/>: the role claim of the identity, <c>roles</c> and <c>role</c>.</value>
    public string? RolesClaim { get; set; }

    /// <summary>Gets the runtime's role for each value of the role claims. Values that are not listed give none.</summary>
    /// <value>By default empty: the values are the roles.</value>
    public IDictionary<string, string> Roles { get; } = new Dictionary<string, string>();
}
