// Azure OpenAI with one deployment, reached by identity alone. Cost: each token; capacity is a limit, not a price.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

@description('name, version, sku and capacity (thousand tokens a minute).')
param model object
param endpointSubnetId string
param networkId string

var isPrivate = !empty(endpointSubnetId)

resource account 'Microsoft.CognitiveServices/accounts@2024-10-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource deployment 'deployments' = {
    name: model.name
    sku: {
      name: model.sku
      capacity: model.capacity
    }
    properties: {
      model: {
        format: 'OpenAI'
        name: model.name
        version: model.version
      }
      versionUpgradeOption: 'NoAutoUpgrade'
    }
  }
}

resource user 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, roles['Cognitive Services OpenAI User'])
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Cognitive Services OpenAI User']
    )
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  name: 'endpoint-openai'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: account.id
    part: 'account'
    zone: 'privatelink.openai.azure.com'
    subnetId: endpointSubnetId
    networkId: networkId
  }
}

output endpoint string = account.properties.endpoint
output deployment string = account::deployment.name
