using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Tests.Governance.Redaction;

internal sealed class ConfiguredSecretsTests
{
    [TestCase("OPENAI_API_KEY")]
    [TestCase("DbPassword")]
    [TestCase("DB_PWD")]
    [TestCase("GITHUB_TOKEN")]
    [TestCase("Key")]
    public void IsSecret_NameOfASecret_IsTrue(string name) => Assert.That(ConfiguredSecrets.IsSecret(name), Is.True);

    [TestCase("PWD")]
    [TestCase("OLDPWD")]
    [TestCase("PATH")]
    [TestCase("Models:test:Endpoint")]
    public void IsSecret_AnyOtherName_IsFalse(string name) => Assert.That(ConfiguredSecrets.IsSecret(name), Is.False);
}
