namespace AgentFunctions.Agents;

/// <summary>Creates agents in C#.</summary>
public static class Agent
{
    /// <summary>Creates a builder of an agent.</summary>
    /// <param name="name">Its name: letters, digits, <c>-</c> and <c>_</c>, at most 64 characters.</param>
    public static AgentBuilder Create(string name) => new(name);
}
