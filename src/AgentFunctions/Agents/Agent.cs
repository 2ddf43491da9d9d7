namespace AgentFunctions.Agents;

/// <summary>Where agents written in C# begin.</summary>
public static class Agent
{
    /// <summary>Begins the definition of an agent.</summary>
    /// <param name="name">Its name: letters, digits, <c>-</c> and <c>_</c>, at most 64 characters.</param>
    public static AgentBuilder Create(string name) => new(name);
}
