// The one secret that there is, the key of the API, kept where the app reads it by identity. Cost: each ten thousand reads.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

@description('Who deploys and shall be able to read the key; empty for nobody.')
param readerId string

@secure()
@description('The key to write.')
param apiKey string

@description('Whether the key that the vault holds is kept.')
param keepsApiKey bool
param endpointSubnetId string
param networkId string

var isPrivate = !empty(endpointSubnetId)

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }

  // A later deployment without a key neither reads nor replaces it, so it needs no right to the secrets.
  resource key 'secrets' = if (!keepsApiKey) {
    name: 'api-key'
    properties: { value: apiKey }
  }
}

resource appReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::key.id, principalId, roles['Key Vault Secrets User'])
  scope: vault::key
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets User'])
  }
}

resource deployerReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(readerId)) {
  name: guid(vault::key.id, readerId, roles['Key Vault Secrets User'])
  scope: vault::key
  properties: {
    principalId: readerId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets User'])
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  name: 'endpoint-vault'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: vault.id
    part: 'vault'
    zone: 'privatelink.vaultcore.azure.net'
    subnetId: endpointSubnetId
    networkId: networkId
  }
}

output name string = vault.name
output apiKeyUri string = '${vault.properties.vaultUri}secrets/api-key'
